// The library from Node, by koffi: two nodes in this program find each other over UDP, and one leaves.
//
//     npm install koffi && GOSSIP_LIBRARY=<folder with libgossip.so.1> node koffi.mjs

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';

// From the folder that the program is started in, where `npm install` put it.
const koffi = createRequire(join(process.cwd(), 'package.json'))('koffi');

const library = koffi.load(join(process.env.GOSSIP_LIBRARY ?? '/usr/local/lib', 'libgossip.so.1'));
const STATUS = ['unknown', 'joining', 'online', 'suspect', 'failed'];
const UDP = 0;

koffi.struct('gossip_node_id_t', { data: koffi.array('uint8_t', 16) });
koffi.struct('gossip_node_view_t', {
  id: 'gossip_node_id_t',
  ip: koffi.array('char', 64, 'String'),
  port: 'int',
  config_epoch: 'uint64_t',
  heartbeat: 'uint64_t',
  version: 'uint64_t',
  status: 'int',
  role: koffi.array('char', 64, 'String'),
  region: koffi.array('char', 64, 'String'),
  sent_messages: 'uint64_t',
  received_messages: 'uint64_t',
});
koffi.opaque('gossip_core_t');
koffi.opaque('gossip_transport_t');
koffi.proto('void on_send(void *msg, void *target, void *user_data)');
koffi.proto('void on_event(gossip_node_view_t *node, int old_status, void *user_data)');

const fn = (text) => library.func(text);
const create = fn('gossip_core_t *gossip_core_create(gossip_node_view_t *self, on_send *send, on_event *event, void *data)');
const destroy = fn('void gossip_core_destroy(gossip_core_t *core)');
const tick = fn('void gossip_core_tick(gossip_core_t *core)');
const joinNode = fn('void gossip_core_join(gossip_core_t *core, gossip_node_view_t *node)');
const leave = fn('void gossip_core_leave(gossip_core_t *core, gossip_node_id_t *id)');
const findNode = fn('int gossip_core_find_node(gossip_core_t *core, gossip_node_id_t *id, _Out_ gossip_node_view_t *node)');
const lastError = fn('const char *gossip_last_error()');
const transportCreate = fn('gossip_transport_t *gossip_transport_factory_create(int type, const char *host, uint16_t port)');
const transportStart = fn('int gossip_transport_start(gossip_transport_t *transport)');
const transportPort = fn('uint16_t gossip_transport_port(gossip_transport_t *transport)');
const transportSend = fn('int gossip_transport_send_message(gossip_transport_t *transport, void *msg, void *target)');
const transportSetCore = fn('void gossip_transport_set_core(gossip_transport_t *transport, gossip_core_t *core)');
const transportDestroy = fn('void gossip_transport_destroy(gossip_transport_t *transport)');

function fail(text) {
  console.error(text);
  process.exit(1);
}

class Node {
  constructor(name) {
    this.transport = transportCreate(UDP, '127.0.0.1', 0);
    if (this.transport === null || transportStart(this.transport) !== 0) fail(lastError());
    const port = transportPort(this.transport);
    this.view = { id: { data: [...randomBytes(16)] }, ip: '127.0.0.1', port, role: name };
    for (const field of ['config_epoch', 'heartbeat', 'version', 'status', 'sent_messages', 'received_messages']) {
      this.view[field] = 0;
    }
    this.view.region = '';
    // Both are called on the thread of the transport as well as inside of our calls; koffi brings the
    // first kind over to this thread while it waits.
    this.send = koffi.register((msg, target) => {
      transportSend(this.transport, msg, target);
    }, koffi.pointer('on_send'));
    this.event = koffi.register((node, old) => {
      const { port, status } = koffi.decode(node, 'gossip_node_view_t');
      console.log(`${name}: the node at port ${port} was ${STATUS[old]}, is ${STATUS[status]}`);
    }, koffi.pointer('on_event'));
    this.core = create(this.view, this.send, this.event, null);
    if (this.core === null) fail(lastError());
    transportSetCore(this.transport, this.core);
  }

  status(other) {
    const found = {};
    return findNode(this.core, other.view.id, found) ? STATUS[found.status] : 'not known';
  }

  // Waits elsewhere: what is waited for may be a callback, which is to run on this thread.
  async close() {
    await elsewhere(transportDestroy, this.transport);
    await elsewhere(destroy, this.core);
    koffi.unregister(this.send);
    koffi.unregister(this.event);
  }
}

// Calls a function of the library on another thread.
function elsewhere(called, argument) {
  return new Promise((resolve, reject) => {
    called.async(argument, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

async function until(nodes, what, done) {
  for (let round = 0; round < 100; round += 1) {
    if (done()) return;
    nodes.forEach((node) => tick(node.core));
    await sleep(20);
  }
  fail(`${what} did not happen`);
}

const nodes = [new Node('first'), new Node('second')];
const [first, second] = nodes;
joinNode(second.core, first.view);
await until(nodes, 'the join', () => first.status(second) === 'online' && second.status(first) === 'online');
leave(second.core, second.view.id);
await until(nodes, 'the leave', () => first.status(second) === 'failed');
await Promise.all(nodes.map((node) => node.close()));
console.log('done');
