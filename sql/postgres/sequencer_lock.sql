-- True for the one session that may number events until its transaction ends. A statement of its own:
-- the numbering must see what the sequencer before committed.
select pg_try_advisory_xact_lock(4915320193608)
