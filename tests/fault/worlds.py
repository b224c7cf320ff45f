"""What a client of the fault run has made, as plain data: what each customer must be, and what the feed must tell.

A world changes by operations, each a function of it. One that was answered is carried out on the world; one without an
answer is pending, and the state afterwards must be that of the world without it or with it, wholly: rows and events.

    world.carry_out(operation)       answered
    world.pending = operation        not answered
    compare(world, observed)         what is wrong; else the world is the one that was found
"""
import collections
import copy

TREE_MAX = 5  # homes


class Home:
    """One customerId and what was said to it."""

    def __init__(self):
        self.value = None      # of a preference of its own
        self.survivor = None   # the customerId that it was merged into
        self.contacts = {}     # contactId -> name
        self.relations = {}    # relationshipId -> customerId of the other end
        self.consents = []     # (form, status, is a copy)


class World:
    def __init__(self):
        self.homes = {}
        self.events = collections.defaultdict(list)  # aggregateId -> [(type, the other customer)]
        self.versions = {}    # customerId -> the last that was answered
        self.merges = {}      # merged customerId -> mergeId
        self.records = {}     # recordId -> the record as it was answered
        self.pending = None
        self.count = 0        # for names

    def carry_out(self, operation):
        operation(self)

    def with_pending(self):
        other = copy.deepcopy(self)
        other.pending = None
        self.pending(other)
        return other

    def root(self, customer_id):
        while self.homes[customer_id].survivor:
            customer_id = self.homes[customer_id].survivor
        return customer_id

    def tree(self, customer_id):
        root = self.root(customer_id)
        return [home for home in self.homes if self.root(home) == root]

    def roots(self):
        return [home for home, at in self.homes.items() if not at.survivor]

    def tell(self, kind, customer_id, other=None):
        self.events[customer_id].append((kind, other))

    def forget(self, kept):
        """All but the newest and what is merged with them: who has been through some kills teaches nothing new."""
        roots = {self.root(home) for home in list(self.homes)[-kept:]}
        gone = {home for home in self.homes if self.root(home) not in roots}
        for at in self.homes.values():  # nothing is merged into what is forgotten, and it into nothing
            at.relations = {key: self.root(other) if other in gone else other for key, other in at.relations.items()}
        for home in gone:
            del self.homes[home]
            for known in (self.events, self.versions, self.merges):
                known.pop(home, None)
        return gone

    def abandon(self):
        """All: what was found to be wrong once would be so each time."""
        gone = {*self.homes, *(self.with_pending().homes if self.pending else ())}
        self.__init__()
        return gone


# --- operations ---

def create(customer_id):
    def on(world):
        world.homes[customer_id] = Home()
        world.tell("CustomerProfileCreatedEvent", customer_id)
    return on


def changing(customer_id, change):
    """A change that is told as an update of the customer that it was asked of."""
    def on(world):
        change(world)
        world.tell("CustomerProfileUpdatedEvent", customer_id)
    return on


def set_value(customer_id, value):
    return changing(customer_id, lambda world: setattr(world.homes[customer_id], "value", value))


def put_contact(customer_id, home, contact_id, name):
    return changing(customer_id, lambda world: world.homes[home].contacts.update({contact_id: name}))


def take_contact(customer_id, home, contact_id):
    return changing(customer_id, lambda world: world.homes[home].contacts.pop(contact_id))


def put_relation(customer_id, relation_id, other):
    return changing(customer_id, lambda world: world.homes[customer_id].relations.update({relation_id: other}))


def take_relation(customer_id, home, relation_id):
    return changing(customer_id, lambda world: world.homes[home].relations.pop(relation_id))


def put_consent(customer_id, form, status):
    """A revocation is copied to every home that is merged now, a grant is not."""
    def on(world):
        for home in world.tree(customer_id) if status == "REVOKED" else [customer_id]:
            world.homes[home].consents.append((form, status, home != customer_id))
        world.tell("ConsentUpdatedEvent", customer_id)
    return on


def merge(target, source):
    def on(world):
        world.homes[source].survivor = target
        world.tell("CustomerMergedEvent", target, source)
    return on


def unmerge(source):
    def on(world):
        world.tell("CustomerUnmergedEvent", world.root(source), source)
        world.homes[source].survivor = None
        world.merges.pop(source, None)
    return on


# --- what it looks like from outside ---

def expected(world, customer_id):
    """As observe() gives it; None when there is no such customer."""
    home = world.homes.get(customer_id)
    if home is None:
        return None
    if home.survivor:
        return {"merged into": world.root(customer_id)}
    tree = world.tree(customer_id)
    relations = {}
    for at in tree:
        for relation, other in world.homes[at].relations.items():
            if other not in tree:
                relations[relation] = world.root(other) if other in world.homes else other
    return {"values": {at: world.homes[at].value for at in tree if world.homes[at].value},
            "contacts": {key: name for at in tree for key, name in world.homes[at].contacts.items()},
            "relations": relations,
            "consents": sorted((at, *act) for at in tree for act in world.homes[at].consents)}


def observe(status, profile, relations, consents):
    """The same from the answers of the service."""
    if status == 404:
        return None
    if status == 307:
        return {"merged into": profile["survivorId"]}
    return {"values": profile.get("preferences") or {},
            "contacts": {contact["contactId"]: contact["name"] for contact in profile.get("contacts", [])},
            "relations": {one["relationshipId"]: one["customerId"] for one in relations if one["direction"] == "OUT"},
            "consents": sorted((record["customerId"], record["evidence"]["form"], record["status"], "propagatedFrom" in record)
                               for record in consents)}


class Seen:
    """All that was read of the customers of one world."""

    def __init__(self):
        self.customers = {}  # customerId -> observe()
        self.versions = {}
        self.merges = {}
        self.records = {}
        self.events = {}
        self.wrong = []

    def add(self, customer_id, status, profile, relations=(), consents=()):
        self.customers[customer_id] = observe(status, profile, relations, consents)
        if status == 200:
            self.versions[customer_id] = profile["version"]
        if status == 307:
            self.merges[customer_id] = profile["mergeId"]
        self.records.update({record["recordId"]: record for record in consents})


def differences(world, seen):
    found = []
    for customer_id, there in seen.customers.items():
        wanted = expected(world, customer_id)
        if wanted != there:
            found.append(f"{customer_id}: expected {only_other(wanted, there)}, found {only_other(there, wanted)}")
        told, events = seen.events.get(customer_id, []), world.events.get(customer_id, [])
        if told != events:
            found.append(f"{customer_id}: expected the events {events}, found {told}")
    return found


def only_other(one, other):
    """What differs, when both are there."""
    if not one or not other or one.keys() != other.keys():
        return one
    return {key: value for key, value in one.items() if value != other[key]}


def unlike_the_answers(world, seen):
    """What no operation may undo: answered versions, merges and consent records, to the letter."""
    found = [f"{customer_id}: version {version} after {world.versions[customer_id]} was answered"
             for customer_id, version in seen.versions.items() if version < world.versions.get(customer_id, 0)]
    found += [f"{customer_id}: merged by {seen.merges[customer_id]}, answered {known}"
              for customer_id, known in world.merges.items() if seen.merges.get(customer_id, known) != known]
    for record in seen.records.values():
        known = world.records.get(record["recordId"], record)
        if known != record:
            found.append(f"the consent record {record['recordId']} was answered as {known} and is {record}")
    return found


def compare(world, seen):
    """What is wrong; when nothing is, the world goes on as the one that was found, with nothing pending."""
    found = differences(world, seen)
    if found and world.pending:
        after = world.with_pending()
        otherwise = differences(after, seen)
        if not otherwise:
            world.__dict__.update(after.__dict__)
        found = min(found, otherwise, key=len)
    found += unlike_the_answers(world, seen)
    if not found:
        world.pending = None
        world.versions.update(seen.versions)
        world.merges = dict(seen.merges)
    return found


def in_order(feed):
    """Each event once, at rising positions."""
    found, known, last = [], set(), 0
    for event in feed:
        if event["eventId"] in known:
            found.append(f"event {event['eventId']} is in the feed twice")
        if event["position"] <= last:
            found.append(f"position {event['position']} after {last}")
        known.add(event["eventId"])
        last = event["position"]
    return found


def told(event):
    """(aggregateId, as World.tell has it)"""
    return event["aggregateId"], (event["eventType"], event["payload"].get("sourceCustomerId"))
