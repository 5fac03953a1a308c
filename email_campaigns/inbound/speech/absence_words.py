"""The words beside the dates of an absence, as patterns; the names of months and days are CLDR's. Pure."""

# en, fr, de, es, it, nl, pt, pl, sv, da, nb, fi, cs: the languages of the months
LOCALES = ("en", "fr", "de", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs")

# The date after it is the last day of absence
UNTIL = (
	"until", "'?till?", "through", "thru", "up to", "after", "bis", "nach", "jusqu'(?:au|à|a)", "après",
	"hasta",
	"después del?", "fino (?:al|a)", "sino (?:al|a)", "dopo il", "tot", r"t/m", "na", "até", "após",
	"depois de", "do",
	"po", r"t\.?o\.?m\.?", "till och med", "til og med", "indtil", "frem til", "fram till", "efter",
	"etter", "až do",
)  # fmt: skip

# The date after it is the last day where another date stands before it: “du 1er au 15 décembre”
TO = (
	"to", "bis", "au", "al?", "à", "t/m", "tot", "till?", "do", "až", "[-–—‒−]", "and",
	"und", "et", "y", "e", "en", "og", "och"
)  # fmt: skip

# The date after it is the first day back
BACK = (
	r"not (?:return|be back|be in|be available|come back)[\w ]{0,20} until",
	"back", "return(?:ing)?", "in the office again", "available again", "resum(?:e|ing)", "zurück",
	"zurückkehren", "rückkehr", "zurück sein",
	"wieder", "(?:de )?retour", "reviens", "reviendrai", "reprendrai", "reprends", "rentre(?:rai)?",
	"vuel(?:vo|ta)", "volveré",
	"regres(?:o|aré)", "de vuelta", "reincorpor\\w{1,4}", "rientr(?:o|erò|erà)", "ritorn(?:o|erò)",
	"torn(?:o|erò)", "di nuovo",
	"terug", "weer", "volt(?:o|arei)", "retorn(?:o|arei)", "regress(?:o|arei)", "de volta", "wracam",
	"wrócę", "powr(?:ót|acam)",
	"ponownie", "tillbaka", "åter(?:kommer)?", "tilbage", "tilbake", "igen", "palaan", "palaa",
	"takaisin", "paluu", "jälleen",
	"vrátím", "vracím", "zpět", "zpátky", "návrat", "opět",
)  # fmt: skip

# The date after it is the first day back where one of BACK follows: “ab dem 6.12. bin ich wieder da”
FROM = (
	"from", "as of", "starting", "on", "ab(?: dem)?", "am", "à partir d[ue]", "dès", "le",
	"a partir del?", "el", "dal", "da", "il",
	"vanaf", "op", "em", "od(?: dnia)?", "från", "den", "fra", "dne",
)  # fmt: skip

# After the date: “15.12. asti”
UNTIL_AFTER = ("asti", "saakka")

# A sentence with one of these speaks of something else
OTHER = (
	"offer", "valid", "register", "deadline", "angebot", "gültig", "anmeld", "frist", "valable", "oferta",
	"inscri",
	"offerta", "scadenza", "geldig",
)  # fmt: skip
