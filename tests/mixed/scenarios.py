"""The scenarios. Each is a coroutine that gets the options and a way to make a Lab, see `run.py`."""

import asyncio

from lab import Lab

# A node of 1.4.2 suspects after 2 s of silence and fails after 8 s.
OLD_FAILS_WITHIN = 12.0
JOINED_WITHIN = 10.0


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
        await old.quit()
        await lab.gone(old)
        node = await lab.new(
            f"r{at + 1}", None if new_id else old.id, 0 if new_port else old.port
        )
        replaced = lab.now()
        await _enter(lab, node, news[at % len(news)])
        live = lab.up_new()
        took = await lab.until_all_online(JOINED_WITHIN, live)
        lab.note(f"r{at + 1}: all online at the new ones after {took:.1f} s")
        await asyncio.sleep(lab.options.pause)
        lab.expect_no_accusations(live, of=lab.up(), since=begun)
        for witness in lab.up_old():
            found = witness.accusations(replaced, {other.id for other in lab.up()})
            for event in found:
                lab.note(str(event))
            for other in lab.up():
                if other is not witness and (status := await witness.status_of(other)) != "online":
                    lab.note(f"{witness} shows {other} {status}")
    await lab.until_all_online(JOINED_WITHIN)
    settled = lab.now()
    await asyncio.sleep(2.0)
    for node in lab.up_new():
        traffic = lab.relay.traffic[node.port]
        lab.expect(traffic.packets > 0, f"{node} never got a packet")
        lab.expect(
            traffic.last_text < settled,
            f"{node} got text {traffic.last_text - settled:.1f} s after the last old one went",
        )
    lab.expect_no_accusations(lab.up_new(), of=lab.up_new(), since=begun)
