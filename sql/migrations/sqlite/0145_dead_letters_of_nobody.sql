-- Letters whose tenant could not be read: an erasure looks for their keys.
create index dead_letter_of_nobody on dead_letter (message_key) where about_tenant is null;
