-- Letters go when they are old.
create index dead_letter_by_age on dead_letter (parked_at);
