-- Numbers are drawn in the order of the arrays.
insert into search_new (tenant_id, home_id, body)
select cast($1 as text), r.* from unnest($2::text[], $3::text[]) as r
