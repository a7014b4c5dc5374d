/* What a cluster looks like from outside: the views of its nodes, and what must hold of them. */
#include "cluster.h"

#include <stdio.h>
#include <string.h>

int cluster_status(const struct cluster *cluster, size_t at, size_t about)
{
    gossip_node_view_t view;
    if (!gossip_core_find_node(cluster->nodes[at].core, &cluster->nodes[about].self.id, &view))
        return -1;
    return (int)view.status;
}

/* An ONLINE at an address that the node no longer has does not count. */
static bool calls(const struct cluster *cluster, size_t at, size_t about, int status)
{
    const gossip_node_view_t *self = &cluster->nodes[about].self;
    gossip_node_view_t view;
    return gossip_core_find_node(cluster->nodes[at].core, &self->id, &view) &&
           (int)view.status == status &&
           (status != GOSSIP_NODE_ONLINE || view.port == self->port);
}

static bool all_call(struct cluster *cluster, size_t about, int status)
{
    for (size_t at = 0; at < cluster->count; at++)
        if (at != about && cluster->nodes[at].running && !cluster->nodes[at].out &&
            !cluster->nodes[at].mute && !calls(cluster, at, about, status))
            return false;
    return true;
}

bool cluster_all_call_failed(struct cluster *cluster, void *argument)
{
    return all_call(cluster, *(const size_t *)argument, GOSSIP_NODE_FAILED);
}

bool cluster_all_call_online(struct cluster *cluster, void *argument)
{
    return all_call(cluster, *(const size_t *)argument, GOSSIP_NODE_ONLINE);
}

/* Whether node `at` lists each running node as online, by its whole list, as a program reads it. */
static bool sees_all(struct cluster *cluster, size_t at)
{
    size_t count = 0, online = 0, wanted = 0;
    gossip_node_view_t *views = gossip_core_get_nodes(cluster->nodes[at].core, &count);
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        memcpy(&number, views[i].id.data + 8, 4);
        if (number >= cluster->count || number == at || !cluster->nodes[number].running ||
            cluster->nodes[number].out)
            continue;
        const gossip_node_view_t *self = &cluster->nodes[number].self;
        if (views[i].status == GOSSIP_NODE_ONLINE && views[i].port == self->port &&
            memcmp(&views[i].id, &self->id, sizeof self->id) == 0)
            online++;
    }
    gossip_core_free_nodes(views);
    for (size_t i = 0; i < cluster->count; i++)
        wanted += i != at && cluster->nodes[i].running && !cluster->nodes[i].out;
    return online == wanted;
}

bool cluster_all_online(struct cluster *cluster, void *argument)
{
    /* The node that last lacked somebody is asked first: mostly it still does. */
    static size_t last;
    (void)argument;
    for (size_t i = 0; i < cluster->count; i++) {
        size_t at = (last + i) % cluster->count;
        if (!cluster->nodes[at].running || cluster->nodes[at].out)
            continue;
        if (!sees_all(cluster, at)) {
            last = at;
            return false;
        }
    }
    return true;
}

void cluster_check_online(struct cluster *cluster, const char *when)
{
    unsigned shown = 0;
    for (size_t at = 0; at < cluster->count; at++) {
        const struct node *node = &cluster->nodes[at];
        if (!node->running || node->out)
            continue;
        for (size_t about = 0; about < cluster->count && shown < 10; about++) {
            if (about == at || !cluster->nodes[about].running || cluster->nodes[about].out)
                continue;
            gossip_node_view_t view;
            memset(&view, 0, sizeof view);
            int found = gossip_core_find_node(node->core, &cluster->nodes[about].self.id, &view);
            bool right = found && view.status == GOSSIP_NODE_ONLINE &&
                         view.port == cluster->nodes[about].self.port;
            shown += !CHECK(right, "%s: node %zu sees node %zu as %d at port %d (heartbeat %llu)",
                            when, at, about, found ? (int)view.status : -1, view.port,
                            (unsigned long long)view.heartbeat);
        }
    }
}

void cluster_check_lists(struct cluster *cluster, const char *when)
{
    static const gossip_node_id_t zero;
    for (size_t at = 0; at < cluster->count; at++) {
        const struct node *node = &cluster->nodes[at];
        if (!node->running)
            continue;
        uint8_t seen[CLUSTER_MAX] = {0};
        size_t count = 0;
        gossip_node_view_t *views = gossip_core_get_nodes(node->core, &count);
        CHECK(count == gossip_core_size(node->core), "%s: node %zu: size %zu, list %zu", when, at,
              gossip_core_size(node->core), count);
        for (size_t i = 0; i < count; i++) {
            uint32_t number;
            memcpy(&number, views[i].id.data + 8, 4);
            CHECK(memcmp(&views[i].id, &node->self.id, sizeof zero) != 0,
                  "%s: node %zu lists itself", when, at);
            CHECK(memcmp(&views[i].id, &zero, sizeof zero) != 0, "%s: node %zu lists a zero id",
                  when, at);
            CHECK(memchr(views[i].ip, 0, 64) && memchr(views[i].role, 0, 64) &&
                      memchr(views[i].region, 0, 64),
                  "%s: node %zu: a text without end", when, at);
            if (number < cluster->count &&
                memcmp(&views[i].id, &cluster->nodes[number].self.id, sizeof zero) == 0) {
                CHECK(!seen[number], "%s: node %zu lists node %u twice", when, at, number);
                seen[number] = 1;
            }
        }
        gossip_core_free_nodes(views);
    }
}

void cluster_count_from_here(struct cluster *cluster)
{
    cluster->failed_live = cluster->failed_stalled = cluster->suspected_live = 0;
}
