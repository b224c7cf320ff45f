#include "adapters/jobs/mapping_words.h"

/* clang-format off */
const struct mapping_words mapping_words[] = {
    {STR(""), VALUE_ANY, false, false,
     STR("id key no nr number recordid externalid customerid customerno customernr customernumber customerkey accountid accountno "
         "accountnumber clientid clientno kundennummer kundennr kundenid kdnr debitor debitorennummer debitornr partnernr "
         "idclient numeroclient noclient codeclient idcliente codigocliente numerocliente codicecliente idcliente klantnummer "
         "klantnr klantid codigo numer numerklienta idklienta kundnummer kundnr kundenummer asiakasnumero")},
    {STR("name"), VALUE_ANY, false, false,
     STR("name customername customer company companyname accountname account organisation organization organisationname "
         "organizationname fullname displayname businessname legalname client clientname firma firmenname firmierung unternehmen "
         "kunde kundenname bezeichnung nom nomclient raisonsociale societe entreprise nombre nombrecliente razonsocial empresa "
         "cliente denominacion ragionesociale nomecliente azienda denominazione naam bedrijf bedrijfsnaam klantnaam klant "
         "organisatie nome nomedaempresa razaosocial nazwa nazwafirmy klient foretag foretagsnamn namn kundnamn virksomhed navn "
         "firmanavn kundenavn nimi yritys nazev nazevfirmy")},
    {STR("emails"), VALUE_EMAIL, true, false,
     STR("email mail emailaddress mailaddress emails emailadresse mailadresse elektronischepost courriel adresseemail "
         "adressemail adressecourriel correo correoelectronico emailcliente postaelettronica indirizzoemail indirizzomail "
         "emailadres mailadres enderecodeemail adresemail adresmailowy poczta epost epostadress epostadresse mailadress "
         "sahkoposti emailova")},
    {STR("phones"), VALUE_PHONE, true, false,
     STR("phone phonenumber phoneno telephone tel telno telephonenumber mobile mobilephone mobileno cell cellphone fon telefon "
         "telefonnummer telefonnr rufnummer handy mobil mobilnummer mobiltelefon telephonefixe portable numerodetelephone "
         "telefono movil telefonomovil numerodetelefono cellulare telefonofisso telefoon telefoonnummer mobiel gsm telefone "
         "celular telemovel telefonkomorkowy numertelefonu komorka puhelin puhelinnumero telefoncislo")},
    {STR("website"), VALUE_WEBSITE, false, false,
     STR("website web url homepage webseite internet internetseite internetadresse site siteweb siteinternet sitioweb paginaweb "
         "sitoweb sito webpagina pagina strona stronawww www hemsida webbplats hjemmeside verkkosivu")},
    {STR("dateOfBirth"), VALUE_DATE, false, false,
     STR("dateofbirth birthdate birthday dob born geburtsdatum geburtstag gebdatum datedenaissance naissance fechadenacimiento "
         "nacimiento datadinascita nascita geboortedatum datadenascimento dataurodzenia fodelsedatum fodselsdato syntymaaika")},
    {STR("language"), VALUE_LANGUAGE, false, false,
     STR("language lang locale sprache korrespondenzsprache langue idioma lingua taal jezyk sprak sprog kieli")},
    {STR("segment"), VALUE_ANY, false, false,
     STR("segment customersegment category customergroup group tier kundengruppe kundensegment kategorie categorie groupe "
         "categoria grupo gruppo categoriacliente klantgroep kategoria grupa kundgrupp")},
    {STR("identifiers.VAT"), VALUE_VAT, false, false,
     STR("vat vatno vatnr vatnumber vatid vatregno vatregistration ust ustid ustidnr umsatzsteuerid umsatzsteueridentnummer "
         "umsatzsteueridentifikationsnummer tva numerotva notva tvaintracommunautaire iva nif cif numeroiva partitaiva piva btw "
         "btwnummer btwnr nip vatue moms momsnummer momsregnr dic")},
    {STR("identifiers.DUNS"), VALUE_ANY, false, false, STR("duns dunsno dunsnr dunsnumber dunsnummer dandb")},
    {STR("identifiers.TAX_ID"), VALUE_ANY, false, false,
     STR("taxid taxno taxnumber tin ein steuernummer steuernr siret siren codicefiscale fiscalcode regon")},
    {STR("addresses.line1"), VALUE_ANY, false, false,
     STR("address address1 addressline1 addressline street streetaddress street1 strasse str strassehausnummer adresse adresse1 "
         "anschrift rue voie direccion direccion1 calle domicilio indirizzo via straat adres straathuisnummer endereco rua morada "
         "ulica adresa gata gatuadress adress vej gade katuosoite osoite")},
    {STR("addresses.line2"), VALUE_ANY, false, false,
     STR("address2 addressline2 street2 adresszusatz adresse2 zusatz complementadresse complement direccion2 indirizzo2 adres2 "
         "complemento")},
    {STR("addresses.postalCode"), VALUE_POSTAL_CODE, false, false,
     STR("postalcode postcode zip zipcode plz postleitzahl codepostal cp codigopostal cap codicepostale codigopostale postnummer "
         "postnr kodpocztowy cep psc postinumero")},
    {STR("addresses.city"), VALUE_ANY, false, false,
     STR("city town place locality ort stadt wohnort ville localite commune ciudad poblacion localidad municipio citta comune "
         "localita plaats stad woonplaats cidade miasto miejscowosc stadsort ortnamn by postort kaupunki mesto")},
    {STR("addresses.region"), VALUE_ANY, false, false,
     STR("state region province county bundesland kanton region departement provincia estado comunidad regione provincie "
         "wojewodztwo lan kraj")},
    {STR("addresses.country"), VALUE_COUNTRY, false, false,
     STR("country countrycode landcode landiso laenderkennzeichen land staat nation pays codepays pais codigopais paese nazione "
         "codicepaese landkode kraj kod panstwo maa zeme")},
    {STR("contacts[0].name"), VALUE_ANY, false, false,
     STR("contact contactname contactperson ansprechpartner kontakt kontaktperson nomducontact interlocuteur contacto "
         "personadecontacto contatto referente contactpersoon pessoadecontato osobakontaktowa kontaktpersonnamn")},
    {STR("contacts[0].email"), VALUE_EMAIL, false, false,
     STR("contactemail contactmail emailcontact ansprechpartneremail kontaktemail emailducontact emailcontacto emailcontatto")},
    {STR("contacts[0].phone"), VALUE_PHONE, false, false,
     STR("contactphone phonecontact ansprechpartnertelefon kontakttelefon telephonecontact telefonocontacto telefonocontatto")},
    {STR("name"), VALUE_ANY, false, true,
     STR("firstname givenname forename first given vorname rufname prenom primernombre nombredepila voornaam roepnaam imie "
         "fornamn fornavn etunimi jmeno")},
    {STR("name"), VALUE_ANY, false, true,
     STR("middlename secondname zweitervorname deuxiemeprenom segundonombre")},
    {STR("name"), VALUE_ANY, false, true,
     STR("lastname familyname surname last nachname familienname zuname nomdefamille apellido apellidos cognome sobrenome "
         "apelido achternaam familienaam nazwisko efternamn efternavn sukunimi prijmeni")},
};
const size_t mapping_words_count = sizeof(mapping_words) / sizeof(mapping_words[0]);
/* clang-format on */
