-- One process has the store: whoever asks is the one, whatever $5 says of others.
insert into relay_lease as l (relay, outbox_id, holder, epoch, held_until)
values ($1, $2, $3, 1, $4)
on conflict (relay) do update
set epoch = l.epoch + case when l.holder = excluded.holder then 0 else 1 end,
    holder = excluded.holder
where $5 >= 0
returning epoch, outbox_id
