-- The first things that are wrong with the file, or "ok".
select integrity_check from pragma_integrity_check(5)
