"""The tour of the README through the generated Python client: python tour.py http://127.0.0.1:PORT"""
import sys

from customer360_client import Client
from customer360_client.api.consent import check_consent, record_consent
from customer360_client.api.contacts import add_contact
from customer360_client.api.customers import change_customer, create_customer, get_customer, list_customers
from customer360_client.api.merges import merge_customers, preview_merge, reverse_merge
from customer360_client.models import (ConsentCheckRequest, ConsentCheckRequestChecksItem, ConsentCheckRequestChecksItemType,
                                       ConsentCheckResult, Contact, Error, MergePreview, MergeRequest, MergeResult, NewConsent,
                                       NewConsentStatus, NewConsentType, NewContact, NewProfile, Profile, ProfilePage,
                                       ProfilePatch, UnmergeResult)


def tour(client: Client) -> None:
    acme = create_customer.sync(client=client, body=NewProfile(name="Acme Corp", emails=["info@acme.example"]), idempotency_key="tour-acme")
    again = create_customer.sync(client=client, body=NewProfile(name="Acme Corp", emails=["info@acme.example"]), idempotency_key="tour-acme")
    assert isinstance(acme, Profile) and isinstance(again, Profile) and again.customer_id == acme.customer_id
    refused = create_customer.sync_detailed(client=client, body=NewProfile(name="ACME corp", emails=["INFO@acme.example"]))
    assert refused.status_code == 409 and isinstance(refused.parsed, Error) and refused.parsed.error == "DUPLICATE_CUSTOMER"

    contact = add_contact.sync(acme.customer_id, client=client, body=NewContact(name="Jane Doe", email="jane@acme.example"))
    assert isinstance(contact, Contact) and contact.name == "Jane Doe"
    other = create_customer.sync(client=client, body=NewProfile(name="Acme Corporation", emails=["sales@acme.example"]))
    assert isinstance(other, Profile)

    preview = preview_merge.sync(acme.customer_id, client=client, body=MergeRequest(source_customer_id=other.customer_id))
    assert isinstance(preview, MergePreview)
    merge = merge_customers.sync(acme.customer_id, client=client,
                                 body=MergeRequest(source_customer_id=other.customer_id, plan_token=preview.plan_token))
    assert isinstance(merge, MergeResult) and sorted(merge.profile.emails) == ["info@acme.example", "sales@acme.example"]
    assert get_customer.sync_detailed(other.customer_id, client=client).status_code == 307
    changed = change_customer.sync(acme.customer_id, client=client, body=ProfilePatch(website="https://acme.example"))
    assert isinstance(changed, Profile) and changed.website == "https://acme.example"
    unmerged = reverse_merge.sync(acme.customer_id, merge.merge_id, client=client)
    assert isinstance(unmerged, UnmergeResult) and unmerged.profile
    assert unmerged.profile.customer_id == other.customer_id

    record_consent.sync(acme.customer_id, client=client, body=NewConsent(type_=NewConsentType.EMAIL, status=NewConsentStatus.GRANTED))
    check = ConsentCheckRequestChecksItem(customer_id=acme.customer_id, type_=ConsentCheckRequestChecksItemType.EMAIL)
    checked = check_consent.sync(client=client, body=ConsentCheckRequest(checks=[check]))
    assert isinstance(checked, ConsentCheckResult) and checked.results[0].allowed
    page = list_customers.sync(client=client, limit=1)
    assert isinstance(page, ProfilePage) and len(page.items) == 1 and page.next_ is not None


if __name__ == "__main__":
    tour(Client(base_url=sys.argv[1], follow_redirects=False))
