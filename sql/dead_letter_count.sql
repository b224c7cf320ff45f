select count(*), (select count(*) from (select distinct topic, message_key, about_tenant from dead_letter
                                        where message_key is not null) as parked), min(parked_at)
from dead_letter
