-- Letters whose tenant could not be read: an erasure looks for their keys.
create index dead_letter_of_nobody on dead_letter (left(message_key, 200)) where about_tenant is null;
