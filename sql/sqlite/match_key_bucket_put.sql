insert or replace into match_key_bucket (place, entries) values ($1, $2)
