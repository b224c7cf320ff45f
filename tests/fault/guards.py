"""What the promises of publishing and consuming rest on, and how a fault run takes it away: the comparison must then find what
comes of it. Nothing of this is in the program: it is done to the database, or by tests/fault/unguarded.c.
"""
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Guard:
    """kind: the fault that shows it; sql: what takes it away, as the schema's owner; without: unguarded.c does."""

    def __init__(self, promise, kind, sql=None, without=None):
        self.promise, self.kind, self.sql, self.without = promise, kind, sql, without

    def take_away(self, server, url):
        if self.sql:
            server.sql(self.sql, database=url.rsplit("/", 1)[1], role="customer360_migrator")

    def environment(self, library):
        return {"LD_PRELOAD": os.path.abspath(library), "WITHOUT": self.without} if self.without else {}


# seq as of the transaction's begin; and between that and the lock some time may go by.
SEQ_BEFORE_LOCK = """
alter table outbox alter column seq
    set default (extract(epoch from transaction_timestamp()) * 1000000)::bigint * 1024 + nextval('outbox_seq') % 1024;
create function dawdle() returns boolean language sql volatile as $$ select pg_sleep(random() * 0.01) is not null $$;
create policy dawdle on profile as restrictive for update using (dawdle());
"""

# What `seq > last` is: a position that is known before it is known who commits first.
POSITION_BEFORE_COMMIT = """
create sequence early_position;
grant usage on sequence early_position to customer360_app;
alter table outbox alter column position set default nextval('early_position');
"""

NO_INBOX = """
create function forget() returns trigger language plpgsql as $$
begin delete from inbox where tenant_id = new.tenant_id and event_id = new.event_id; return null; end $$;
create trigger forget after insert on inbox for each row execute function forget();
"""

RELAY = {
    "the fence": Guard("there once", "halted relay.after_begin:2", without="fence"),
    "seq under the customer's lock": Guard("in order", "late", SEQ_BEFORE_LOCK),
    "positions for what is committed": Guard("all there", "none", POSITION_BEFORE_COMMIT),
}
CONSUMER = {
    "offsets behind the effects": Guard("all there", "point consumer.before_apply:1", without="order"),
    "the inbox": Guard("there once", "point consumer.before_offsets:1", NO_INBOX),
}
