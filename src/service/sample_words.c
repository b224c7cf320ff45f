#include "service/sample_words.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct sample_city german_cities[] = {
    {"Berlin", "10117"},  {"Hamburg", "20095"}, {"München", "80331"},  {"Köln", "50667"},
    {"Leipzig", "04109"}, {"Bremen", "28195"},  {"Nürnberg", "90402"}, {"Münster", "48143"},
};
static const char *const german_streets[] = {"Lindenweg %d",    "Hafenstraße %d",
                                             "Am Mühlbach %d",  "Schillerplatz %d",
                                             "Gartenstraße %d", "Industriering %d"};
static const char *const german_given[] = {
    "Anna",  "Lukas",  "Jürgen", "Sabine",  "Matthias", "Katharina", "Friedrich", "Greta",
    "Heinz", "Ulrike", "Sören",  "Johanna", "Wolfgang", "Björn",     "Elisabeth", "Stefan"};
static const char *const german_family[] = {
    "Brückner",  "Lindemann", "Kästner", "Vogelsang", "Hartwig",  "Öhler",   "Steinmetz", "Paulsen",
    "Wiesental", "Grothe",    "Mäurer",  "Tannhoff",  "Reichelt", "Sandner", "Ahrens",    "Krüger"};
static const char *const german_forms[] = {
    "GmbH",          "Gesellschaft mbH", "AG", "Aktiengesellschaft", "KG", "Kommanditgesellschaft",
    "GmbH & Co. KG", "GmbH u. Co. KG"};

static const struct sample_city french_cities[] = {
    {"Paris", "75011"}, {"Lyon", "69003"},     {"Marseille", "13002"}, {"Orléans", "45000"},
    {"Lille", "59000"}, {"Besançon", "25000"}, {"Nîmes", "30900"},
};
static const char *const french_streets[] = {"%d rue des Tilleuls", "%d avenue du Port",
                                             "%d place de l'Église", "%d quai des Brumes",
                                             "%d chemin des Vignes"};
static const char *const french_given[] = {"Camille", "Étienne",  "Margaux", "Théo",
                                           "Hélène",  "François", "Amélie",  "Baptiste",
                                           "Noémie",  "Gérard",   "Céline",  "Mathieu"};
static const char *const french_family[] = {"Beaulieu",  "Carpentier", "Delacourt", "Fèvre",
                                            "Garnaud",   "Lemaître",   "Moreaux",   "Pélissier",
                                            "Rochefort", "Sauvage",    "Thévenot",  "Vasseur"};
static const char *const french_forms[] = {"SARL", "S.A.R.L.", "SAS", "S.A.S.", "SA", "S.A."};

static const struct sample_city british_cities[] = {
    {"London", "EC1A 4HD"}, {"Manchester", "M1 4BT"}, {"Leeds", "LS1 5HN"},
    {"Bristol", "BS1 6QF"}, {"Edinburgh", "EH1 1YZ"}, {"Cardiff", "CF10 1EP"},
};
static const char *const british_streets[] = {"%d Orchard Lane", "%d Station Road",
                                              "%d Harbour Street", "%d Mill Yard",
                                              "%d Kingfisher Close"};
static const char *const british_given[] = {
    "William", "Elizabeth", "Robert",   "Margaret", "James",   "Catherine", "Edward",
    "Susan",   "Thomas",    "Victoria", "Michael",  "Rebecca", "Andrew",    "Jennifer"};
static const char *const british_family[] = {
    "Ashdown", "Blackwood", "Carrington", "Draycott", "Ellwood", "Fairbairn", "Granger",
    "Hollis",  "Jessop",    "Kingsley",   "Lockhart", "Merrick", "Pemberton", "Whitcombe"};
static const char *const british_forms[] = {"Ltd", "Limited", "plc", "Public Limited Company",
                                            "LLP", "L.L.P."};

static const struct sample_city american_cities[] = {
    {"Portland", "97204"}, {"Denver", "80202"}, {"Columbus", "43215"},
    {"Austin", "78701"},   {"Boston", "02110"}, {"Minneapolis", "55401"},
};
static const char *const american_streets[] = {"%d Cedar Avenue", "%d Main Street",
                                               "%d Lakeview Drive", "%d Foundry Road",
                                               "%d Prairie Boulevard"};
static const char *const american_given[] = {"Daniel",   "Patricia", "Christopher", "Barbara",
                                             "Joseph",   "Deborah",  "Samuel",      "Kimberly",
                                             "Benjamin", "Theresa",  "Gregory",     "Alexandra"};
static const char *const american_family[] = {"Alvarez",  "Bennington", "Castillo", "Dunham",
                                              "Eastwick", "Fitzgerald", "Hawkins",  "Jaramillo",
                                              "Keller",   "Littleton",  "O'Rourke", "Winslow"};
static const char *const american_forms[] = {"Inc.",   "Incorporated", "LLC",
                                             "L.L.C.", "Corp.",        "Corporation"};

static const struct sample_city swedish_cities[] = {
    {"Stockholm", "111 20"},
    {"Göteborg", "411 06"},
    {"Malmö", "211 34"},
    {"Västerås", "722 11"},
};
static const char *const swedish_streets[] = {"Björkvägen %d", "Hamngatan %d", "Kvarngatan %d",
                                              "Solrosvägen %d"};
static const char *const swedish_given[] = {"Åsa",   "Göran", "Ingrid", "Lars",  "Maja",
                                            "Oskar", "Sven",  "Ebba",   "Håkan", "Linnéa"};
static const char *const swedish_family[] = {"Bergqvist", "Dahlström", "Ekelöf",  "Forsgren",
                                             "Hägglund",  "Lindqvist", "Nyström", "Sjöberg",
                                             "Wallgren",  "Åkerman"};
static const char *const swedish_forms[] = {"AB", "Aktiebolag", "HB", "Handelsbolag"};

#define COUNTRY(adjective)                                                                         \
    .cities = adjective##_cities, .city_count = LENGTH(adjective##_cities),                        \
    .streets = adjective##_streets, .street_count = LENGTH(adjective##_streets),                   \
    .given_names = adjective##_given, .given_name_count = LENGTH(adjective##_given),               \
    .family_names = adjective##_family, .family_name_count = LENGTH(adjective##_family),           \
    .legal_forms = adjective##_forms, .legal_form_count = LENGTH(adjective##_forms) / 2

const struct sample_country sample_countries[SAMPLE_COUNTRIES] = {
    {"DE", "de", "DE%09d", "+49 30 23125 %03d", 1000, COUNTRY(german)},
    {"FR", "fr", "FR83%09d", "+33 1 99 00 %04d", 10000, COUNTRY(french)},
    {"GB", "en", "GB%09d", "+44 20 7946 0%03d", 1000, COUNTRY(british)},
    {"US", "en", "US%09d", "+1 503 555 01%02d", 100, COUNTRY(american)},
    {"SE", "sv", "SE%09d01", "+46 8 465 004 %02d", 100, COUNTRY(swedish)},
};

const char *const sample_stems[] = {
    "Nordlicht",  "Albatros", "Kestrel",     "Meridian", "Quarzit",  "Zephyr",    "Lumen",
    "Granit",     "Halcyon",  "Brightwater", "Orchidée", "Fjord",    "Vesper",    "Tamarind",
    "Juniper",    "Basalt",   "Corvus",      "Delphin",  "Equinox",  "Ginkgo",    "Heron",
    "Indigo",     "Kobalt",   "Larkspur",    "Marlin",   "Nimbus",   "Opaline",   "Pinnacle",
    "Riverstone", "Saffron",  "Tessera",     "Umbra",    "Velvet",   "Wacholder", "Yarrow",
    "Zenith",     "Amaranth", "Bluebell",    "Cinder",   "Driftwood"};
const size_t sample_stem_count = LENGTH(sample_stems);

const char *const sample_trades[] = {
    "Logistics",  "Maschinenbau", "Foods", "Pharma", "Energie", "Textiles",   "Software", "Bau",
    "Consulting", "Optics",       "Paper", "Marine", "Medical", "Automation", "Packaging"};
const size_t sample_trade_count = LENGTH(sample_trades);

const char *const sample_nicknames[] = {
    "William",     "Bill",  "Elizabeth", "Liz",   "Robert",    "Bob",   "Margaret", "Peggy",
    "James",       "Jim",   "Catherine", "Kate",  "Edward",    "Ted",   "Susan",    "Sue",
    "Thomas",      "Tom",   "Victoria",  "Vicky", "Michael",   "Mike",  "Rebecca",  "Becky",
    "Andrew",      "Andy",  "Jennifer",  "Jen",   "Daniel",    "Dan",   "Patricia", "Pat",
    "Christopher", "Chris", "Barbara",   "Barb",  "Joseph",    "Joe",   "Deborah",  "Debbie",
    "Samuel",      "Sam",   "Kimberly",  "Kim",   "Benjamin",  "Ben",   "Theresa",  "Terry",
    "Gregory",     "Greg",  "Alexandra", "Alex",  "Katharina", "Kathi", "Johanna",  "Hanna"};
const size_t sample_nickname_count = LENGTH(sample_nicknames) / 2;
