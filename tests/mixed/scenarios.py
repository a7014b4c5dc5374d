"""The scenarios. Each is a coroutine that gets the options and a way to make a Lab, see `run.py`."""

import asyncio

from lab import Lab

JOINED_WITHIN = 10.0
# A new one needs a suspicion, told by others and confirmed.
NEW_FAILS_WITHIN = 9.0
# Nodes that are gone are tried in text, where another may listen now: so many in 3 s at the most.
SPARE_TEXTS = 60
# An old one takes our word for it, long before its own 8 s are over.
TOLD_WITHIN = 3.0
# Who never met it in its life may have heard of it, as of a node that is to be asked.
GONE = ("failed", "absent", "joining")


async def joins(lab: Lab, joiner, seed, how):
    """1: one kind joins the other; then two more come, and all stay online."""
    start = {"old": lab.old, "new": lab.new}
    first = await start[seed](f"{seed} seed")
    await _enter(lab, await start[joiner](f"{joiner} joiner"), first, how)
    await _enter(lab, await lab.old("old third"), first, how)
    await _enter(lab, await lab.new("new fourth"), first, how)
    took = await lab.until_all_online(JOINED_WITHIN)
    lab.note(f"all online after {took:.1f} s")
    await asyncio.sleep(lab.options.steady)
    lab.expect_no_accusations(lab.up())
    await lab.until_all_online(1.0)
    await lab.expect_readable()


async def _enter(lab, node, seed, how="join"):
    await lab.introduce(node, seed, how)
    return node


async def _mixed(lab, olds, news, seed_is_old=False):
    """A cluster of so many of each, all online; the old ones first, then the new ones."""
    made = [await lab.old("o1") if seed_is_old else await lab.new("n1")]
    rest = [("o", i) for i in range(1 + seed_is_old, olds + 1)]
    rest += [("n", i) for i in range(2 - seed_is_old, news + 1)]
    for kind, i in rest:
        node = await (lab.old if kind == "o" else lab.new)(f"{kind}{i}")
        made.append(await _enter(lab, node, made[0]))
    await lab.until_all_online(JOINED_WITHIN)
    return lab.up_old(), lab.up_new()


async def upgrade(lab: Lab, new_id, new_port):
    """2: three old and three new; the old ones are replaced one by one."""
    olds, news = await _mixed(lab, 3, 3)
    begun = lab.now()
    for at, old in enumerate(olds):
        await lab.quit(old)
        lab.note(f"{old} is gone")
        node = await lab.new(
            f"r{at + 1}", None if new_id else old.id, 0 if new_port else old.port
        )
        await _enter(lab, node, news[at % len(news)])
        joined = lab.now()
        lab.note(f"{node} joins")
        live = lab.up_new()
        took = await lab.until_all_online(JOINED_WITHIN, live)
        lab.note(f"{node}: all online at the new ones after {took:.1f} s")
        await asyncio.sleep(lab.options.pause)
        lab.expect_no_accusations(live, of=[one for one in lab.up() if one is not node], since=begun)
        lab.expect_no_accusations(live, of=[node], since=joined)
        await _note_views(lab, lab.up_old(), joined)
    await lab.until_all_online(JOINED_WITHIN)
    if new_id:
        for old in olds:
            await lab.until_shown(lab.up_new(), old, GONE, JOINED_WITHIN)
    await _expect_packets(lab, SPARE_TEXTS if new_id and not new_port else 0)
    lab.expect_no_accusations(lab.up_new(), of=lab.up_new(), since=joined)


async def takeover(lab: Lab, new_id, new_port, from_clock):
    """2: a cluster of old ones alone; each is replaced."""
    first = await lab.old("o1")
    for i in (2, 3):
        await _enter(lab, await lab.old(f"o{i}"), first)
    olds = lab.up_old()
    await lab.until_all_online(JOINED_WITHIN)
    # They have some life behind them, so that a counter that starts anew is behind theirs.
    await asyncio.sleep(lab.options.pause)
    extra = ["--heartbeat", "clock"] if from_clock else []
    for at, old in enumerate(olds):
        await lab.quit(old)
        node = await lab.new(
            f"r{at + 1}", None if new_id else old.id, 0 if new_port else old.port, extra
        )
        joined = lab.now()
        seed = next(one for one in lab.up() if one is not node)
        await _enter(lab, node, seed)
        # P3: old ones rename the record that they have for the address, and list the id twice.
        judges = lab.up_new() if new_id and not new_port else lab.up()
        took = await lab.until_all_online(JOINED_WITHIN, judges)
        lab.note(f"{node}: all online after {took:.1f} s")
        await asyncio.sleep(lab.options.pause)
        lab.expect_no_accusations(judges, of=lab.up(), since=joined)
        await _note_views(lab, lab.up_old(), joined)
        await lab.until_all_online(1.0, judges)
    await _expect_packets(lab, SPARE_TEXTS if new_id and not new_port else 0)


async def _note_views(lab, observers, since):
    """What old nodes think of those that live is told and not judged."""
    live = {node.id for node in lab.up()}
    for observer in observers:
        for event in observer.accusations(since, live):
            lab.note(lab.told(event))
        for other in lab.up():
            status = await observer.status_of(other)
            if other is not observer and status != "online":
                lab.note(f"{observer} shows {other} {status}")


async def _expect_packets(lab, spare):
    """Soon nothing but packets is sent for 3 s, save so many texts to each."""
    for last in (False, False, True):
        before = {node: lab.relay.traffic[node.port].copy() for node in lab.up()}
        await asyncio.sleep(3.0)
        wrong = None
        for node, then in before.items():
            traffic = lab.relay.traffic[node.port]
            texts, packets = traffic.texts - then.texts, traffic.packets - then.packets
            lab.expect(packets >= 30, f"{node} got {packets} packets in 3 s")
            if texts > spare:
                wrong = f"{node} got {texts} texts and {packets} packets in 3 s"
        if wrong is None:
            return
        lab.expect(not last, wrong)
        lab.note(wrong)


async def crashes(lab: Lab):
    """3: a node of each kind crashes and comes back with its id and heartbeat 1 or 0."""
    olds, news = await _mixed(lab, 3, 3)
    for victim in (olds[2], news[2]):
        await lab.kill(victim)
        took = await lab.until_shown(lab.up_new(), victim, ("failed",), NEW_FAILS_WITHIN)
        lab.note(f"{victim} failed at the new ones after {took:.1f} s")
        took = await lab.until_shown(lab.up_old(), victim, ("failed",), TOLD_WITHIN)
        lab.note(f"and at the old ones {took:.1f} s later")
        start = lab.old if victim.is_old else lab.new
        again = await start(f"{victim}'", victim.id, victim.port)
        await _enter(lab, again, news[0])
        others = [node for node in lab.up() if node is not again]
        new = [node for node in others if not node.is_old]
        old = [node for node in others if node.is_old]
        took = await lab.until_shown(new, again, ("online",), 3.0)
        lab.note(f"{again} online at the new ones after {took:.1f} s")
        took = await lab.until_shown(old, again, ("online",), JOINED_WITHIN)
        lab.note(f"{again} online at the old ones after {took:.1f} s")
        await lab.until_all_online(JOINED_WITHIN)
        back = lab.now()
        await asyncio.sleep(lab.options.pause)
        lab.expect_no_accusations(lab.up(), of=lab.up(), since=back)
    lab.expect_no_accusations(lab.up(), of=olds[:2] + news[:2])


async def few(lab: Lab, news):
    """3: the fewer new ones there are, the fewer confirm what one of them suspects."""
    olds, _ = await _mixed(lab, 4, news)
    # So that it is known how often each of them speaks.
    await asyncio.sleep(2.0)
    await lab.kill(olds[3])
    took = await lab.until_shown(lab.up(), olds[3], ("failed",), NEW_FAILS_WITHIN)
    lab.note(f"an old one is failed everywhere after {took:.1f} s")
    lab.expect_no_accusations(lab.up(), of=lab.up())


async def leaves(lab: Lab):
    """4: each kind leaves, and is said to leave by the other."""
    olds, news = await _mixed(lab, 4, 4)
    await news[3].ask("leave")
    took = await lab.until_shown(lab.up_new()[:3] + olds, news[3], ("failed",), 3.0)
    lab.note(f"a new one that leaves is gone everywhere after {took:.1f} s")
    await asyncio.sleep(1.0)
    await lab.quit(news[3])

    # P5: nothing is sent.
    await olds[3].ask(f"leave {olds[3].id}")
    await lab.quit(olds[3])
    took = await lab.until_shown(lab.up_new(), olds[3], ("failed",), NEW_FAILS_WITHIN)
    lab.note(f"an old one that leaves is failed at the new ones after {took:.1f} s")
    took = await lab.until_shown(lab.up_old(), olds[3], ("failed",), TOLD_WITHIN)
    lab.note(f"and at the old ones {took:.1f} s later")
    await lab.until_all_online(JOINED_WITHIN)

    # P6: an old node says that a live one leaves.
    for subject in (news[2], olds[2]):
        since = lab.now()
        await olds[0].ask(f"leave {subject.id}")
        await asyncio.sleep(1.0)
        for event in [e for node in lab.up() for e in node.accusations(since)]:
            lab.note(f"o1 says that {subject} leaves: {lab.told(event)}")
        took = await lab.until_all_online(JOINED_WITHIN)
        lab.note(f"all online again after {took + 1:.1f} s")

    if lab.runs_itself:
        return  # It says of nobody else that he leaves.
    # A new node says that a live old one leaves, and then one that is gone.
    await news[0].ask(f"leave {olds[2].id}")
    await asyncio.sleep(0.5)
    took = await lab.until_all_online(JOINED_WITHIN)
    lab.note(f"said by a new one to leave, a live old one is back after {took + 0.5:.1f} s")
    await lab.kill(olds[2])
    await news[0].ask(f"leave {olds[2].id}")
    took = await lab.until_shown(lab.up(), olds[2], ("failed",), 3.0)
    lab.note(f"said by a new one to leave, a dead old one is gone everywhere after {took:.1f} s")


async def metadata(lab: Lab, size):
    """5: what each kind says of itself is seen by the other, and never goes back."""
    await _mixed(lab, 2, 3)
    for letter in "ab":
        wanted = {node: letter * 2 + node.name * (size // 2) for node in lab.up()}
        for node, value in wanted.items():
            await node.ask(f"metadata key={value}")
        took = await _until_told(lab, lab.up(), wanted)
        lab.note(f"{size} bytes known everywhere after {took:.1f} s")
    lab.expect_no_accusations(lab.up())
    await lab.expect_readable()


async def _until_told(lab, observers, wanted):
    """Waits until all know what is wanted; whoever once knew it must go on to."""
    knew = set()

    async def fault():
        wrong = None
        for observer in observers:
            records = await observer.records()
            for node, value in wanted.items():
                if node is observer:
                    continue
                got = records[node.id][0]["metadata"].get("key")
                if got == value:
                    knew.add((observer, node))
                else:
                    got = got and f"{len(got)} bytes from {got[:2]} on"
                    wrong = f"{observer} has for {node} {got}"
                    lab.expect((observer, node) not in knew, f"again {wrong}")
        return wrong

    took = await lab.until(JOINED_WITHIN, fault)
    end = lab.now() + lab.options.pause
    while lab.now() < end:
        await asyncio.sleep(0.05)
        lab.expect(not (wrong := await fault()), f"later {wrong}")
    return took


async def c_structs(lab: Lab):
    """5: old programs in C carry structs, so that they tell no metadata and erase that of others."""
    first = await lab.new("n1")
    await _enter(lab, await lab.new("n2"), first)
    for i in (1, 2):
        await _enter(lab, await lab.old(f"o{i}", extra=["--layer", "c"]), first)
    await lab.until_all_online(JOINED_WITHIN)
    news, olds = lab.up_new(), lab.up_old()
    wanted = {}
    for node in lab.up_new():
        wanted[node] = node.name
        await node.ask(f"metadata key={wanted[node]}")
    await _until_told(lab, news, wanted)
    for observer in olds:
        for node in news:
            got = (await observer.records())[node.id][0]["metadata"]
            lab.expect(not got, f"{observer} has for {node} {got}")
    lab.expect_no_accusations(lab.up())


async def c_transport(lab: Lab):
    """T2: the transport of the old C library sends no entries; so everybody has to meet everybody."""
    for i in (1, 2):
        await lab.old(f"o{i}", extra=["--layer", "c-transport"])
        await lab.new(f"n{i}")
    for node in lab.up():
        for other in lab.up():
            if other is not node:
                await lab.introduce(node, other, "meet")
    # P10: who is met without an id is listed twice by old ones.
    took = await lab.until_all_online(JOINED_WITHIN, lab.up_old(), strict=False)
    took += await lab.until_all_online(JOINED_WITHIN, lab.up_new())
    lab.note(f"all online after {took:.1f} s")
    await asyncio.sleep(lab.options.steady / 2)
    lab.expect_no_accusations(lab.up_new())
    await _note_views(lab, lab.up_old(), lab.start)


async def rollback(lab: Lab):
    """2, backwards: a new node is replaced by an old one with its id, its port and heartbeat 1."""
    olds, news = await _mixed(lab, 2, 3)
    await lab.quit(news[2])
    back = await lab.old("b3", news[2].id, news[2].port)
    await _enter(lab, back, news[0])
    took = await lab.until_shown(news[:2], back, ("online",), JOINED_WITHIN)
    lab.note(f"the old one is online at the new ones after {took:.1f} s")
    # P10: if it is pinged before it joins, it lists its seed twice.
    took = await lab.until_all_online(JOINED_WITHIN, [node for node in lab.up() if node is not back])
    took += await lab.until_all_online(JOINED_WITHIN, [back], strict=False)
    lab.note(f"all is well {took:.1f} s later")
    settled, got = lab.now(), []

    async def fault():
        """For a second no packet came."""
        got.append((await back.ask("stats"))["not_json_in"])
        return None if got[-6:] == got[-1:] * 6 else f"it still gets packets, {got[-1]} by now"

    await lab.until(5.0, fault)
    lab.note(f"it got {got[-1]} packets")
    lab.expect_no_accusations(lab.up_new(), since=settled)


async def pauses(lab: Lab):
    """6: an old node that is cut off comes back, and one of ours that old ones suspect."""
    olds, news = await _mixed(lab, 3, 3)
    others = [node for node in lab.up() if node is not olds[2]]
    await olds[2].ask("pause")
    await asyncio.sleep(4.0)
    await olds[2].ask("resume")
    back = lab.now()
    took = await lab.until_shown(news, olds[2], ("online",), 5.0)
    lab.note(f"the old one is online at the new ones after {took:.1f} s")
    took = await lab.until_shown(olds[:2], olds[2], ("online",), JOINED_WITHIN)
    lab.note(f"and at the old ones {lab.now() - back:.1f} s after its return")
    took = await lab.until_all_online(JOINED_WITHIN)
    lab.note(f"it sees all online {lab.now() - back:.1f} s after its return")
    lab.expect_no_accusations(news, of=others)
    await _note_views(lab, olds[:2], back)

    others = [node for node in lab.up() if node is not news[2]]
    since = lab.now()
    news[2].stop()
    await asyncio.sleep(3.0)
    news[2].go_on()
    back = lab.now()
    for old in olds:
        lab.expect(old.accusations(since, {news[2].id}), f"{old} never suspected n3")
    took = await lab.until_shown(olds, news[2], ("online",), 5.0)
    lab.note(f"a new one is online at the old ones {lab.now() - back:.1f} s after its return")
    took = await lab.until_all_online(JOINED_WITHIN)
    lab.note(f"all is well {lab.now() - back:.1f} s after its return")
    lab.expect_no_accusations(others, of=others, since=since)


async def bursts(lab: Lab, news):
    """7: old nodes that join many new ones get a datagram at a time from each of them."""
    first = await lab.new("n1")
    for i in range(2, news + 1):
        await _enter(lab, await lab.new(f"n{i}"), first)
    for node in lab.up():
        await node.ask(f"metadata key={'x' * 300}")
    await lab.until_all_online(JOINED_WITHIN)
    olds = [await lab.old("o1"), await lab.old("o2")]
    for old in olds:
        await _enter(lab, old, first)
    took = await lab.until_all_online(JOINED_WITHIN)
    lab.note(f"the old ones know all after {took:.1f} s")
    await asyncio.sleep(lab.options.steady)
    for old in olds:
        traffic = lab.relay.traffic[old.port]
        stats = await old.ask("stats")
        lab.note(f"{old} got {traffic}; it lost {stats['lost_in_bursts']} in bursts of all")
        lab.expect(traffic.longest_burst <= 3, f"{old} got {traffic}")
        lab.expect(traffic.in_bursts <= traffic.datagrams // 20, f"{old} got {traffic}")
        lab.expect(len(traffic.frames) > 1, f"{old} got {traffic}")
    lab.expect_no_accusations(lab.up())
    await lab.expect_readable()


async def large(lab: Lab, news):
    """A few old ones among many: P4 has them suspect the healthy, and it stays with them."""
    first = await lab.new("n1")
    for i in range(2, news + 1):
        await _enter(lab, await lab.new(f"n{i}"), first)
    for i in (1, 2, 3):
        await _enter(lab, await lab.old(f"o{i}"), first)
    took = await lab.until_all_online(JOINED_WITHIN, strict=False)
    lab.note(f"all online after {took:.1f} s")
    shown = []
    end = lab.now() + lab.options.steady
    while lab.now() < end:
        await asyncio.sleep(1.0)
        for old in lab.up_old():
            records = await old.records()
            shown += [records[node.id][0]["status"] for node in lab.up() if node is not old]
    wrong = sum(status != "online" for status in shown) / len(shown)
    lab.note(f"{wrong:.2%} of what the old ones show is wrong")
    lab.expect("failed" not in shown, "an old one shows a live node failed")
    lab.expect(wrong < 0.05, f"{wrong:.1%} of what the old ones show is wrong")
    lab.expect_no_accusations(lab.up_new())
    await lab.expect_readable()
