"""Words in names of columns that tell a kind of personal data, in several languages and their usual abbreviations.

A word is compared with the parts of a name, and with neighbouring parts written together: `date_of_birth` has
`dateofbirth`. Lower case, without accents.
"""

from dataclasses import dataclass

from server.pii.kinds import Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Beside these words a name tells something about the datum rather than holding it: phone_type, salary_currency.
ABOUT = _words(
    """id ids count type status state flag hash hashed masked verified enabled valid template subject body domain length
    currency grade band period frequency method category kind version label format source consent optin preference
    provider carrier sent error rule"""
)


# What has the form of an address of a machine under such a name is none.
VERSIONS = _words("version versions ver release build firmware oid")


@dataclass(frozen=True)
class Words:
    """strong: the name says so. weak: it may mean something else. inside: strong at the start or end of a longer part,
    as in `kundentelefon`. against: with these parts the name does not tell this kind."""

    strong: frozenset[str]
    weak: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()
    against: frozenset[str] = ABOUT


HINTS: dict[Kind, Words] = {
    "email": Words(
        _words(
            "email emailaddress mailaddress emailadresse mailadresse courriel correoelectronico postaelettronica epost"
        ),
        _words("mail correo"),
        ("email",),
    ),
    "phone": Words(
        _words(
            """phone telephone tel telefon telefono telefone telephon telefoon phonenumber phoneno cellphone mobilephone
            mobilenumber rufnummer telefonnummer telefonnr mobilnummer handynummer msisdn fax celular movil
            numerodetelephone"""
        ),
        _words("mobile mobil cell handy portable gsm"),
        ("telefon", "telephone", "phonenumber", "phone"),
        ABOUT | _words("micro head ear smart sax xylo model microphone headphone earphone smartphone saxophone iphone"),
    ),
    "ssn": Words(
        _words(
            """ssn socialsecurity socialsecuritynumber socsecno nationalinsurance nationalinsurancenumber nino
            sozialversicherungsnummer svnr rentenversicherungsnummer steuerid nir insee numerosecu dni nie
            codicefiscale codfiscale personnummer bsn nationalid nationalidentifier taxid taxpayerid
            socialinsurancenumber"""
        ),
        _words("sin tin nif"),
        ("sozialversicherung",),
        ABOUT - _words("id"),
    ),
    "card": Words(
        _words(
            """creditcard creditcardnumber cardnumber cardno cardnum ccnumber ccnum ccno pan debitcard paymentcard
            kreditkarte kreditkartennummer cartebancaire cartedecredit numerodecarte tarjetadecredito cartadicredito"""
        ),
        _words("card cc karte carte tarjeta carta"),
        ("creditcard", "kreditkarte"),
        ABOUT | _words("holder brand expiry expires expiration cvv limit balance"),
    ),
    "iban": Words(
        _words("iban ibannumber"),
        _words("bankaccount bankaccountnumber kontonummer bankverbindung rib"),
    ),
    "ip": Words(
        _words(
            """ip ipv ipv4 ipv6 ipaddress ipaddr ipadresse clientip remoteip remoteaddr sourceip srcip destip dstip
            hostip userip adresseip direccionip"""
        ),
        against=ABOUT | VERSIONS | _words("property rating code"),
    ),
    "birth_date": Words(
        _words(
            """birthdate birthday birth born dob bday dateofbirth geburtsdatum geburtstag gebdatum gebdat geboren
            naissance nacimiento nascita nascimento geboortedatum fodelsedatum"""
        ),
        inside=("birthdate", "geburtsdatum"),
        against=_words(
            """place country city town ort land name weight certificate lieu lugar luogo state rate count type order
            id flag control region"""
        ),
    ),
    "salary": Words(
        _words(
            """salary salaries wage wages compensation remuneration payrate grosspay netpay basepay takehomepay
            gehalt lohn salaire sueldo salario stipendio vergutung bruttolohn nettolohn stundenlohn salaris lon
            hourlywage annualpay"""
        ),
        _words("pay income einkommen revenu ingresos earnings bonus"),
        ("gehalt", "salary", "lohn"),
        ABOUT | _words("date at on by day ratio percent pct tax group code schedule"),
    ),
    "address": Words(
        _words(
            """address addresses street streetaddress addr addressline strasse anschrift adresse direccion domicilio
            indirizzo endereco adres straat postaladdress homeaddress wohnort wohnadresse mailingaddress"""
        ),
        _words("zip zipcode postcode postalcode plz codepostal postleitzahl calle rue"),
        ("strasse", "anschrift", "homeaddress"),
        ABOUT
        | _words(
            """ip ipv4 ipv6 email mail mac web url uri http https wallet memory host bucket contract eth btc server
            bus register node socket return reply physical virtual hardware network link"""
        ),
    ),
    "medical": Words(
        _words(
            """diagnosis diagnoses diagnose diagnostico icd icd10 icdcode dx medication medications medikament
            prescription allergy allergies bloodtype bloodgroup blutgruppe disease illness krankheit maladie
            enfermedad malattia symptom symptoms befund anamnese disability behinderung vaccination impfung hiv
            pregnancy pregnant medical medicalhistory medicalcondition healthcondition healthrecord"""
        ),
        _words("patient treatment condition health therapy chronic clinical surgery"),
        ("diagnosis", "krankheit"),
        _words("id ids count flag at date device insurance plan company provider facility supply type check"),
    ),
}
