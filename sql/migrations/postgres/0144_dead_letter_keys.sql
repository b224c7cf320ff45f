-- A key may be as long as a record, and an entry of a B-tree must fit on a third of a page: its beginning is indexed.
drop index dead_letter_by_key;
create index dead_letter_by_key on dead_letter (topic, left(message_key, 200), about_tenant) where message_key is not null;
