select count(*) from webhook_held where tenant_id = $1 and webhook_id = $2
