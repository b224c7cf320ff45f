-- Text that is compared and sorted by its bytes, whatever the database's collation. SQLite takes the
-- name of the domain as any type name with TEXT in it.
create domain key_text as text collate "C";
