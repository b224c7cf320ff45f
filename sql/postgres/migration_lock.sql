-- Held until the session ends: one migration at a time. The number is arbitrary and ours.
select pg_advisory_lock(4915320193607)
