-- How far a replica has replayed the primary's log, and the newest timeline that it is known to follow, which is that of
-- its last restartpoint; no row of a server that follows nobody any more.
select cast(pg_last_wal_replay_lsn() - '0/0' as bigint),
       greatest((pg_control_checkpoint()).timeline_id, (pg_control_recovery()).min_recovery_end_timeline)
where pg_is_in_recovery()
