/*
 * test_reply - what an inbound text means
 */
#include "reply.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	enum reply_meaning meaning;
} cases[] = {
	/* The answers as they are asked for, and as thumbs write them. */
	{ "1", REPLY_URGENT },
	{ " 1\n", REPLY_URGENT },
	{ "1.", REPLY_URGENT },
	{ "1)", REPLY_URGENT },
	{ "(1)", REPLY_URGENT },
	{ "1!!!", REPLY_URGENT },
	{ "1 bitte", REPLY_URGENT },
	{ "Hallo, 1", REPLY_URGENT },
	{ "Nr. 1", REPLY_URGENT },
	{ "n° 1", REPLY_URGENT },
	{ "1Notfall", REPLY_URGENT },
	{ "1️⃣", REPLY_URGENT },
	{ "１", REPLY_URGENT },
	{ "①", REPLY_URGENT },
	{ "2", REPLY_CALLBACK },
	{ "2.", REPLY_CALLBACK },
	{ "2 bitte", REPLY_CALLBACK },
	{ "2️⃣ danke", REPLY_CALLBACK },
	{ "Ich wähle die 2", REPLY_CALLBACK },
	{ "Option 2, Gruss Hans Meier", REPLY_CALLBACK },
	{ "3", REPLY_FORM },
	{ "3 danke", REPLY_FORM },
	{ "Antwort: 3", REPLY_FORM },

	/* In words, four languages and the dialect. */
	{ "eins", REPLY_URGENT },
	{ "Eis bitte", REPLY_URGENT },
	{ "un", REPLY_URGENT },
	{ "uno", REPLY_URGENT },
	{ "One", REPLY_URGENT },
	{ "zwei", REPLY_CALLBACK },
	{ "Zwöi", REPLY_CALLBACK },
	{ "deux", REPLY_CALLBACK },
	{ "due", REPLY_CALLBACK },
	{ "two please", REPLY_CALLBACK },
	{ "drei", REPLY_FORM },
	{ "drü", REPLY_FORM },
	{ "trois", REPLY_FORM },
	{ "tre", REPLY_FORM },
	{ "three", REPLY_FORM },

	/* By what they stand for. */
	{ "Notfall", REPLY_URGENT },
	{ "NOTFALL!!!", REPLY_URGENT },
	{ "dringend", REPLY_URGENT },
	{ "Es eilt", REPLY_URGENT },
	{ "URGENT", REPLY_URGENT },
	{ "C'est une urgence", REPLY_URGENT },
	{ "emergenza", REPLY_URGENT },
	{ "Emergency!", REPLY_URGENT },
	{ "🆘", REPLY_URGENT },
	{ "Rückruf", REPLY_CALLBACK },
	{ "RÜCKRUF BITTE", REPLY_CALLBACK },
	{ "Rueckruf", REPLY_CALLBACK },
	{ "Ru\xcc\x88"
	  "ckruf",
	    REPLY_CALLBACK }, /* u and a combining diaeresis */
	{ "bitte zurückrufen", REPLY_CALLBACK },
	{ "Rufen Sie mich bitte an", REPLY_CALLBACK },
	{ "Ruf mich an", REPLY_CALLBACK },
	{ "Können Sie mich zurückrufen?", REPLY_CALLBACK },
	{ "Chönd Sie mir zrugglüte", REPLY_CALLBACK },
	{ "rappel", REPLY_CALLBACK },
	{ "Rappelez-moi s'il vous plaît", REPLY_CALLBACK },
	{ "un rappel svp", REPLY_CALLBACK },
	{ "pouvez-vous me rappeler demain matin?", REPLY_CALLBACK },
	{ "richiamo", REPLY_CALLBACK },
	{ "Mi richiami per favore", REPLY_CALLBACK },
	{ "callback", REPLY_CALLBACK },
	{ "Please call me back", REPLY_CALLBACK },
	{ "Formular", REPLY_FORM },
	{ "Bitte Link zum Formular", REPLY_FORM },
	{ "formulaire svp", REPLY_FORM },
	{ "formulaire en ligne", REPLY_FORM },
	{ "3 = formulaire en ligne", REPLY_FORM },
	{ "modulo", REPLY_FORM },
	{ "form", REPLY_FORM },

	/* An emergency counts wherever it stands, and before all else. */
	{ "Wir haben einen Notfall im Keller", REPLY_URGENT },
	{ "Bitte dringend zurückrufen", REPLY_URGENT },
	{ "1 Wasser läuft!!", REPLY_URGENT },
	{ "1 l'eau coule partout", REPLY_URGENT },
	{ "1 und 2", REPLY_URGENT },
	{ "2 oder 1", REPLY_URGENT },
	{ "1,2", REPLY_URGENT },
	{ "1 Rückruf bitte", REPLY_URGENT },
	{ "1 nicht anrufen bitte SMS", REPLY_URGENT },
	{ "🚨 Wasser im Bad", REPLY_URGENT },
	{ "😱 1", REPLY_URGENT },
	{ "⚠️ 1", REPLY_URGENT },
	{ "🔥🔥 1 bitte", REPLY_URGENT },
	{ "Urgentissimo!", REPLY_URGENT },

	/* Neither does what cannot wait, or a cry for help, need the word. */
	{ "Rohrbruch!", REPLY_URGENT },
	{ "Es riecht nach Gas im Keller", REPLY_URGENT },
	{ "Fuga di gas!", REPLY_URGENT },
	{ "Hilfe!!", REPLY_URGENT },
	{ "Au secours", REPLY_URGENT },
	{ "Aidez-moi!", REPLY_URGENT },
	{ "Aiutatemi", REPLY_URGENT },
	{ "Eilt!", REPLY_URGENT },
	{ "Der Keller ist überflutet", REPLY_URGENT },
	{ "La cave est inondée", REPLY_URGENT },
	{ "Cantina allagata", REPLY_URGENT },
	{ "C'è puzza di gas", REPLY_URGENT },
	{ "Es stinkt nach Gas", REPLY_URGENT },
	{ "Hilfe beim Formular", REPLY_TEXT },
	{ "Rohrbruch letzte Woche, nicht dringend", REPLY_TEXT },
	{ "kein Gasgeruch mehr", REPLY_TEXT },

	/* Unless it is said to be none. */
	{ "kein Notfall", REPLY_TEXT },
	{ "Es ist nicht so dringend", REPLY_TEXT },
	{ "kein dringender Notfall", REPLY_TEXT },
	{ "weder dringend noch ein Notfall", REPLY_TEXT },
	{ "nöd dringend", REPLY_TEXT },
	{ "Es isch kei Notfall", REPLY_TEXT },
	{ "Es eilt nicht", REPLY_TEXT },
	{ "Es eilt gar nicht", REPLY_TEXT },
	{ "Eilt nicht", REPLY_TEXT },
	{ "Der Notfall hat sich erledigt", REPLY_TEXT },
	{ "pas urgent", REPLY_TEXT },
	{ "Ce n'est pas une urgence", REPLY_TEXT },
	{ "pas très urgent", REPLY_TEXT },
	{ "ce n'est plus urgent", REPLY_TEXT },
	{ "rien d'urgent", REPLY_TEXT },
	{ "not urgent", REPLY_TEXT },
	{ "It's not an emergency", REPLY_TEXT },
	{ "non è urgente", REPLY_TEXT },
	{ "non è un'emergenza", REPLY_TEXT },
	{ "1 kein Notfall", REPLY_TEXT },
	{ "Kein Notfall, bitte Rückruf", REPLY_CALLBACK },
	{ "2, nicht dringend", REPLY_CALLBACK },

	/* Or only what to do about one, as phones answer by themselves. */
	{ "Ich bin abwesend. In dringenden Fällen: 044 123 45 67", REPLY_TEXT },
	{ "(Ich erhalte keine Mitteilungen. Ist dies dringend, antworte mit "
	  "„dringend“, um mir eine Mitteilung zu senden.)",
	    REPLY_TEXT },
	{ "(I'm not receiving notifications. If this is urgent, reply \"urgent\" "
	  "to send a notification through with your original message.)",
	    REPLY_TEXT },
	{ "Je suis absent. En cas d'urgence: 021 123 45 67", REPLY_TEXT },
	{ "Sono assente. Per urgenze 091 123 45 67", REPLY_TEXT },
	{ "Es ist dringend, in dringenden Fällen bin ich wach", REPLY_URGENT },
	/* Where nobody is away it is one. */
	{ "C'est si urgent, venez svp", REPLY_URGENT },
	{ "Si, urgent!", REPLY_URGENT },
	{ "Je suis en cas d'urgence, fuite d'eau", REPLY_URGENT },
	{ "en cas urgent rappelez-moi", REPLY_URGENT },
	{ "Chiamo per urgenze idrauliche, acqua dappertutto", REPLY_URGENT },
	{ "Do you come out for emergencies? Water everywhere", REPLY_URGENT },
	{ "Ja ist dies dringend", REPLY_URGENT },
	{ "wenn dringend 1", REPLY_URGENT },
	{ "Es eilt! Noch nicht repariert!", REPLY_URGENT },
	{ "Bébé malade et pas de chauffage, c'est si urgent", REPLY_URGENT },
	{ "La caldaia automatica è bloccata, scrivo per emergenze",
	    REPLY_URGENT },
	{ "Heating off, baby sick, please come if it's urgent enough for you",
	    REPLY_URGENT },
	{ "Ich antworte mit DRINGEND", REPLY_URGENT },
	{ "C'est pas si urgent", REPLY_TEXT },
	{ "Mein Postfach ist überflutet", REPLY_TEXT },

	/* A negation of something else takes no emergency away. */
	{ "Habe kein Wasser Notfall", REPLY_URGENT },
	{ "Heizung geht nicht dringend", REPLY_URGENT },
	{ "pas d'eau urgent", REPLY_URGENT },
	{ "Nein, dringend!", REPLY_URGENT },
	{ "non c'est urgent", REPLY_URGENT },
	{ "ist noch dringend", REPLY_URGENT },

	/* A number that counts something is no answer. */
	{ "10 Uhr passt", REPLY_TEXT },
	{ "11", REPLY_TEXT },
	{ "12", REPLY_TEXT },
	{ "1 Uhr", REPLY_TEXT },
	{ "1 Person", REPLY_TEXT },
	{ "1. April", REPLY_TEXT },
	{ "1.5 Stunden", REPLY_TEXT },
	{ "1-2 Stunden", REPLY_TEXT },
	{ "1 Moment bitte", REPLY_TEXT },
	{ "1 Offerte bitte", REPLY_TEXT },
	{ "<30 Minuten", REPLY_TEXT },
	{ "2 Uhr passt", REPLY_TEXT },
	{ "2 Zimmer unter Wasser", REPLY_TEXT },
	{ "2. Stock", REPLY_TEXT },
	{ "3 Zimmer Wohnung", REPLY_TEXT },
	{ "Bahnhofstrasse 1", REPLY_TEXT },
	/* But it may say when, or where to. */
	{ "2 ab 16 Uhr bitte", REPLY_CALLBACK },
	{ "2 am Nachmittag", REPLY_CALLBACK },
	{ "2, 079 123 45 67", REPLY_CALLBACK },
	{ "2 bitte auf 079 123 45 67", REPLY_CALLBACK },
	{ "2 aber nicht vor 10 Uhr", REPLY_CALLBACK },
	{ "lieber 2", REPLY_CALLBACK },
	{ "📞 2", REPLY_CALLBACK },
	{ "2 ☎️", REPLY_CALLBACK },
	/* Or, on lines of their own, who writes and with what. */
	{ "2\nHans Meier", REPLY_CALLBACK },
	{ "2\nMfG\nHans Meier\nMusterstrasse 1\n8000 Zürich", REPLY_CALLBACK },
	{ "2\n\nGesendet von meinem iPhone", REPLY_CALLBACK },
	{ "2\n1", REPLY_URGENT },
	{ "2 Zimmer\nunter Wasser", REPLY_TEXT },
	{ "3\nEs tropft", REPLY_TEXT },

	/* Whoever does not want to be called, or was, asks for no call. */
	{ "bitte nicht anrufen", REPLY_TEXT },
	{ "Kein Rückruf nötig", REPLY_TEXT },
	{ "Rückruf nicht mehr nötig", REPLY_TEXT },
	{ "pas besoin de rappeler", REPLY_TEXT },
	{ "no need to call back", REPLY_TEXT },
	{ "ne me rappelez pas", REPLY_TEXT },
	{ "pas besoin de me rappeler", REPLY_TEXT },
	{ "please don't call me", REPLY_TEXT },
	{ "Sie müssen mich nicht zurückrufen", REPLY_TEXT },
	{ "Je vous rappelle demain", REPLY_TEXT },
	{ "Vi richiamo domani", REPLY_TEXT },
	{ "I will call back later", REPLY_TEXT },
	{ "Danke für Ihren Rückruf", REPLY_TEXT },
	{ "Danke fürs Zurückrufen", REPLY_COURTESY },
	{ "Merci fürs Zrugglüte", REPLY_COURTESY },
	{ "Danke für den Anruf", REPLY_COURTESY },
	{ "Pouvez-vous rappeler demain?", REPLY_CALLBACK },
	{ "merci de me rappeler", REPLY_CALLBACK },
	{ "Danke für einen Rückruf", REPLY_CALLBACK },
	{ "rüefed sie mer bitte aa", REPLY_CALLBACK },
	{ "Danke für den Rückruf", REPLY_COURTESY },
	{ "Merci pour le rappel!", REPLY_COURTESY },

	/* The form is offered only to who asks for nothing else. */
	{ "Ich habe das Formular ausgefüllt", REPLY_TEXT },
	{ "Formular funktioniert nicht", REPLY_TEXT },

	/* Courtesy. */
	{ "danke", REPLY_COURTESY },
	{ "Danke!", REPLY_COURTESY },
	{ "danke ok", REPLY_COURTESY },
	{ "O.K.", REPLY_COURTESY },
	{ "okay danke", REPLY_COURTESY },
	{ "besten Dank", REPLY_COURTESY },
	{ "Vielen herzlichen Dank!", REPLY_COURTESY },
	{ "Merci vielmal", REPLY_COURTESY },
	{ "Merci beaucoup, bonne soirée", REPLY_COURTESY },
	{ "D'accord merci", REPLY_COURTESY },
	{ "Merci vilmal", REPLY_COURTESY },
	{ "merci vielmal!", REPLY_COURTESY },
	{ "ok merci à demain", REPLY_COURTESY },
	{ "grazie mille", REPLY_COURTESY },
	{ "va bene grazie", REPLY_COURTESY },
	{ "Thank you very much", REPLY_COURTESY },
	{ "ok", REPLY_COURTESY },
	{ "super", REPLY_COURTESY },
	{ "alles klar", REPLY_COURTESY },
	{ "Nein danke", REPLY_COURTESY },
	{ "Alles klar, bis morgen", REPLY_COURTESY },
	{ "Danke. Freundliche Grüsse\nHans Meier", REPLY_COURTESY },
	{ "👍", REPLY_COURTESY },
	{ "👍🏼", REPLY_COURTESY },
	{ "👍🏿👍🏿", REPLY_COURTESY },
	{ "👍🏼 danke", REPLY_COURTESY },
	{ "🙏", REPLY_COURTESY },
	{ "❤️", REPLY_COURTESY },

	{ "Danke für die schnelle Hilfe", REPLY_COURTESY },
	{ "isch guet danke", REPLY_COURTESY },
	{ "ok merci viu mau", REPLY_COURTESY },
	{ "c'est bon merci", REPLY_COURTESY },
	{ "erhalten, danke", REPLY_COURTESY },
	{ ":-)", REPLY_COURTESY },
	{ "<3", REPLY_COURTESY },

	/* What asks or tells something is none. */
	{ "non va bene", REPLY_TEXT },
	{ "no good", REPLY_TEXT },
	{ "ist gut?", REPLY_TEXT },
	{ "Ok?", REPLY_TEXT },
	{ "ok 10 Uhr", REPLY_TEXT },
	{ "Danke, aber es tropft immer noch", REPLY_TEXT },
	{ "Ja", REPLY_TEXT },
	{ "😡", REPLY_TEXT },
	{ "", REPLY_TEXT },
	{ " \n", REPLY_TEXT },
	{ "?", REPLY_TEXT },
	{ "...", REPLY_TEXT },

	/* Reactions, which quote our own offer. */
	{ "Gefällt „Guten Tag, 1 = Notfall, 2 = Rückruf“", REPLY_COURTESY },
	{ "Gefiel „1 = Notfall“", REPLY_COURTESY },
	{ "Liked “1 = emergency”", REPLY_COURTESY },
	{ "Liked \"1 = emergency\"", REPLY_COURTESY },
	{ "Laughed at “1 = emergency”", REPLY_COURTESY },
	{ "A aimé « 1 = urgence, 2 = rappel »", REPLY_COURTESY },
	{ "Ha messo “Mi piace” a “1 = emergenza”", REPLY_COURTESY },
	{ "👍 to “1 = emergency”", REPLY_COURTESY },
	{ "Hat mit 👍 auf „1 = Notfall“ reagiert", REPLY_COURTESY },
	{ "Disliked “1 = emergency”", REPLY_TEXT },
	{ "Reacted 😡 to “1 = emergency”", REPLY_TEXT },
	/* So do lines that begin with '>'. */
	{ "Danke\n> 1 = Notfall\n> 2 = Rückruf", REPLY_COURTESY },
	{ "> 1 = Notfall\n\n2", REPLY_CALLBACK },

	/* Machines like ours offer answers, which chooses none. */
	{ "Muster AG: Leider verpassten wir Ihren Anruf. Antworten Sie: 1 = "
	  "Notfall, 2 = Rückruf, 3 = Formular. Keine SMS mehr: STOPP",
	    REPLY_TEXT },
	{ "Muster: Désolés d'avoir manqué votre appel. Répondez: 1 = urgence, "
	  "2 = rappel, 3 = formulaire. Plus de SMS: STOP",
	    REPLY_TEXT },
	{ "1\n\nMuster AG: Antworten Sie: 1 = Notfall, 2 = Rückruf",
	    REPLY_URGENT },
	{ "Notfall! (1 = Notfall, 2 = Rückruf)", REPLY_URGENT },
	{ "1 = Notfall", REPLY_URGENT },
	{ "2=Rückruf", REPLY_CALLBACK },

	/* STOP is the first word, whatever follows. */
	{ "STOP", REPLY_STOP },
	{ "Stop.", REPLY_STOP },
	{ "stopp!!", REPLY_STOP },
	{ "\"STOP\"", REPLY_STOP },
	{ "Arrêt", REPLY_STOP },
	{ "ARRET", REPLY_STOP },
	{ "basta", REPLY_STOP },
	{ "ABMELDEN", REPLY_STOP },
	{ "Unsubscribe me", REPLY_STOP },
	{ "Stop, das Wasser läuft aus!", REPLY_STOP },
	{ "ＳＴＯＰ", REPLY_STOP },
	{ "\xe2\x80\x8eSTOP", REPLY_STOP }, /* left-to-right mark */
	{ "S\xe2\x80\x8bT\xe2\x80\x8bO\xe2\x80\x8bP", REPLY_STOP },
	{ "S T O P", REPLY_STOP },
	{ "S.T.O.P.", REPLY_STOP },
	{ "STOPPP!", REPLY_STOP },
	{ "𝗦𝗧𝗢𝗣", REPLY_STOP },
	{ "𝓢𝓽𝓸𝓹", REPLY_STOP },
	{ "🛑 STOP", REPLY_STOP },
	{ "😡😡 STOP!!!", REPLY_STOP },
	{ "STOP 🛑", REPLY_STOP },
	{ "🛑", REPLY_STOP },
	{ "«STOP»", REPLY_STOP },
	{ "stop/arrêt", REPLY_STOP },
	{ "- STOP", REPLY_STOP },
	{ "Arrêtez de m'envoyer des SMS", REPLY_STOP },
	{ "Désabonnez-moi", REPLY_STOP },
	{ "Basta SMS grazie", REPLY_STOP },
	{ "Disiscrivetemi", REPLY_STOP },
	/* Where it is not the first, nothing else may be said. */
	{ "Bitte stopp mit diesen SMS", REPLY_STOP },
	{ "Danke, aber bitte STOP", REPLY_STOP },
	{ "Nein danke, stop", REPLY_STOP },
	{ "please stop texting me", REPLY_STOP },
	{ "Please stop sending me messages", REPLY_STOP },
	{ "I want to unsubscribe", REPLY_STOP },
	{ "do not text me again", REPLY_STOP },
	{ "remove me from your list", REPLY_STOP },
	{ "Bitte keine weiteren SMS", REPLY_STOP },
	{ "Ich möchte keine SMS mehr erhalten", REPLY_STOP },
	{ "Bitte Nummer löschen", REPLY_STOP },
	{ "Hören Sie auf", REPLY_STOP },
	{ "Hören Sie auf mir zu schreiben", REPLY_STOP },
	{ "Kei SMS meh bitte", REPLY_STOP },
	{ "Merci d'arrêter", REPLY_STOP },
	{ "plus de SMS svp", REPLY_STOP },
	{ "Ne m'envoyez plus de SMS", REPLY_STOP },
	{ "Je ne veux plus de SMS", REPLY_STOP },
	{ "per favore basta", REPLY_STOP },
	{ "Non voglio più SMS", REPLY_STOP },
	{ "Je ne veux plus recevoir de SMS", REPLY_STOP },
	{ "Je ne souhaite pas recevoir de SMS", REPLY_STOP },
	{ "Merci de ne plus m'envoyer de SMS", REPLY_STOP },
	{ "Non voglio più ricevere SMS", REPLY_STOP },
	{ "Non desidero ricevere messaggi", REPLY_STOP },
	{ "Bitte schreiben Sie mir nicht mehr", REPLY_STOP },
	{ "Falsche Nummer, STOPP", REPLY_STOP },
	{ "Faux numéro, stop svp", REPLY_STOP },
	{ "Numero sbagliato. STOP", REPLY_STOP },
	{ "Sie haben die falsche Nummer, STOP", REPLY_STOP },
	{ "Lassen Sie mich in Ruhe", REPLY_STOP },
	{ "Laissez-moi tranquille", REPLY_STOP },
	{ "Veuillez me désinscrire", REPLY_STOP },
	{ "Ich will keine SMS mehr von Ihnen", REPLY_STOP },
	{ "Mi cancelli dalla lista", REPLY_STOP },
	{ "Take me off your list", REPLY_STOP },
	{ "Arrêt total des SMS", REPLY_STOP },
	{ "Arret complet svp", REPLY_STOP },
	{ "Arrêt total de vos SMS", REPLY_STOP },
	{ "Basta che mi mandate SMS", REPLY_STOP },
	{ "Basta telefonare!", REPLY_STOP },
	{ "Arrêt total du chauffage", REPLY_TEXT },
	/* Who misses one, or cancels something, is not told less. */
	{ "Wir haben keine SMS erhalten", REPLY_TEXT },
	{ "Haben Sie keine SMS von mir erhalten?", REPLY_TEXT },
	{ "Wir haben keine Nachrichten von Ihnen erhalten", REPLY_TEXT },
	{ "I have no SMS from you", REPLY_TEXT },
	{ "Vous n'avez pas de SMS de moi?", REPLY_TEXT },
	{ "Non avete nessun sms?", REPLY_TEXT },
	{ "Je ne peux pas recevoir de SMS", REPLY_TEXT },
	{ "I have to cancel, thanks", REPLY_TEXT },
	{ "Bonjour, je souhaite annuler, merci", REPLY_TEXT },
	{ "Veuillez annuler svp", REPLY_TEXT },
	{ "Ich will halt eine Antwort haben", REPLY_TEXT },
	{ "Haben Sie halt die Nummer?", REPLY_TEXT },
	{ "Pour moi tranquille merci", REPLY_TEXT },
	{ "Numero dalla lista", REPLY_TEXT },
	{ "Können Sie mir nicht mehr Infos senden?", REPLY_TEXT },
	{ "Wir bekommen keine SMS mehr von Ihnen", REPLY_TEXT },
	{ "Keine SMS mehr von Ihnen erhalten?", REPLY_TEXT },
	{ "Je ne veux plus recevoir de devis", REPLY_TEXT },
	{ "Voglio ricevere SMS", REPLY_TEXT },
	{ "Falsche Nummer", REPLY_TEXT },
	{ "non mandatemi più messaggi", REPLY_STOP },
	{ "Können Sie das Wasser stoppen?", REPLY_TEXT },
	{ "Bitte stop das Wasser", REPLY_TEXT },
	{ "Please stop the water", REPLY_TEXT },
	{ "Meine Heizung macht immer stop and go", REPLY_TEXT },
	{ "Die Heizung stoppt dauernd", REPLY_TEXT },
	{ "🛑 Wasser läuft aus", REPLY_TEXT },
	{ "La caldaia si ferma", REPLY_TEXT },
	{ "Ma chaudière ne marche plus", REPLY_TEXT },
	{ "Bitte STOP", REPLY_STOP },
	{ "keine SMS mehr bitte", REPLY_STOP },
	{ "Arrêtez de m'envoyer des messages", REPLY_STOP },
	{ "hören Sie auf", REPLY_STOP },
	{ "don't text me", REPLY_STOP },
	{ "je ne veux plus de sms", REPLY_STOP },
	{ "non voglio più sms", REPLY_STOP },
	{ "Je ne veux plus", REPLY_TEXT },
	/* Words that also mean something else, if nothing else is said. */
	{ "FERMA", REPLY_STOP },
	{ "Cancel", REPLY_STOP },
	{ "Ferma l'acqua", REPLY_TEXT },
	{ "Cancel my appointment", REPLY_TEXT },
	{ "Arrêt de la chaudière", REPLY_TEXT },
	{ "Arrêt chauffage depuis ce matin", REPLY_TEXT },
	{ "Basta che mi richiami domani", REPLY_CALLBACK },
	{ "Basta un SMS", REPLY_TEXT },
	{ "non-stop Wasser", REPLY_TEXT },
	{ "start", REPLY_START },
	{ "START bitte", REPLY_START },
	{ "unstop", REPLY_START },
	{ "ＳＴＡＲＴ", REPLY_START },
	{ "🟢 START", REPLY_START },
	{ "Start um 8 Uhr", REPLY_TEXT },

	/* All the rest is for a person to read. */
	{ "Guten Tag, der Wasserhahn tropft", REPLY_TEXT },
	{ "Was kostet das?", REPLY_TEXT },
	{ "Ich rufe zurück", REPLY_TEXT },
	{ "Спасибо", REPLY_TEXT },
	{ "\xff\xfe", REPLY_TEXT },
};

START_TEST(a_text_means_what_a_person_would_say)
{
	enum reply_meaning meaning = reply_meaning(cases[_i].text);

	ck_assert_msg(meaning == cases[_i].meaning, "\"%s\" is %s, not %s",
	    cases[_i].text, reply_meaning_name(meaning),
	    reply_meaning_name(cases[_i].meaning));
}
END_TEST

/* Of somebody on call, asked whether they take it. */
static const struct {
	const char *text;
	enum reply_consent consent;
} consents[] = {
	{ "ok", REPLY_YES },
	{ "OK.", REPLY_YES },
	{ "Ok mach ich", REPLY_YES },
	{ "ja", REPLY_YES },
	{ "Ja, bin in 10 min dort", REPLY_YES },
	{ "oui", REPLY_YES },
	{ "Sì", REPLY_YES },
	{ "yes", REPLY_YES },
	{ "1", REPLY_YES },
	{ "1!", REPLY_YES },
	{ "👍", REPLY_YES },
	{ "👍🏽", REPLY_YES },
	{ "🫡", REPLY_YES },
	{ "danke", REPLY_YES },
	{ "alles klar, danke", REPLY_YES },
	{ "kein Problem", REPLY_YES },
	{ "Übernehme", REPLY_YES },
	{ "uebernehme ich", REPLY_YES },
	{ "Ich komme", REPLY_YES },
	{ "bin unterwegs", REPLY_YES },
	{ "je m'en charge", REPLY_YES },
	{ "J'arrive", REPLY_YES },
	{ "me ne occupo io", REPLY_YES },
	{ "on my way", REPLY_YES },
	{ "Liked \"Muster AG: NOTFALL Nr. 12.\"", REPLY_YES },
	{ "nein", REPLY_NO },
	{ "Nein danke", REPLY_NO },
	{ "nei", REPLY_NO },
	{ "non", REPLY_NO },
	{ "No", REPLY_NO },
	{ "kann nicht", REPLY_NO },
	{ "heute nicht", REPLY_NO },
	{ "can't", REPLY_NO },
	{ "pas possible", REPLY_NO },
	{ "", REPLY_NEITHER },
	{ "ok?", REPLY_NEITHER },
	{ "Welche Adresse?", REPLY_NEITHER },
	{ "ja aber nicht vor 8", REPLY_NEITHER },
	{ "danke aber bin auf dem Dach", REPLY_NEITHER },
	{ "2", REPLY_NEITHER },
	{ "3", REPLY_NEITHER },
	{ "12", REPLY_NEITHER },
	{ "Notfall", REPLY_NEITHER },
	{ "1 Wasser läuft aus", REPLY_NEITHER },
	{ "Disliked \"Muster AG: NOTFALL Nr. 12.\"", REPLY_NEITHER },
	/* A telephone that answers by itself takes nothing over. */
	{ "Ich bin in den Ferien und komme am 12. Dezember zurück.",
	    REPLY_NEITHER },
	{ "Ich fahre gerade Auto und melde mich später.", REPLY_NEITHER },
	{ "Ich fahre gerade. Ich melde mich, sobald ich kann.", REPLY_NEITHER },
	{ "Automatische Antwort: Alles klar, Nachricht erhalten",
	    REPLY_NEITHER },
	{ "Je suis absent et je viens lundi", REPLY_NEITHER },
	{ "Sto guidando, arrivo dopo", REPLY_NEITHER },
	{ "I am away, coming back on Monday", REPLY_NEITHER },
	{ "Nein, bin in den Ferien", REPLY_NO },
	{ "Fahre gerade los", REPLY_YES },
	{ "Ok, coming right away", REPLY_YES },
	/* But who takes it over may say where they are, or who is not. */
	{ "I'm on it, 20 minutes away", REPLY_YES },
	{ "Ok, I am driving there", REPLY_YES },
	{ "Fahre gerade mit dem Auto hin", REPLY_YES },
	{ "Fahre gerade, ich bin in 10 min da", REPLY_YES },
	{ "Übernehme ich, Meier ist krank", REPLY_YES },
	{ "Je prends, Marc est en vacances", REPLY_YES },
	{ "Prendo io, Marco è in ferie", REPLY_YES },
	{ "Peter ist krank, ich übernehme", REPLY_YES },
	{ "Tom is on holiday, I'll go", REPLY_YES },
	{ "10 min away, on my way", REPLY_YES },
	{ "Sto guidando, arrivo", REPLY_YES },
	{ "Automatic door, on it", REPLY_YES },
	{ "Ich fahre gerade und erhalte keine Mitteilungen", REPLY_NEITHER },
	{ "Bin krank, komme erst am Montag wieder", REPLY_NEITHER },
};

START_TEST(an_answer_says_yes_or_no_or_neither)
{
	ck_assert_msg(reply_consent(consents[_i].text) == consents[_i].consent,
	    "\"%s\" is %d", consents[_i].text,
	    (int)reply_consent(consents[_i].text));
}
END_TEST

START_TEST(a_long_text_is_read_like_a_short_one)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	for (size_t i = 10; i < sizeof(text); i += 10)
		text[i] = ' ';
	memcpy(text + 3800, " Notfall ", 9);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(reply_meaning(text), REPLY_URGENT);
}
END_TEST

START_TEST(of_an_endless_text_only_the_beginning_is_read)
{
	size_t size = 1024 * 1024;
	char *text = malloc(size);

	memset(text, '1', size);
	for (size_t i = 1; i < size; i += 2)
		text[i] = ' ';
	text[size - 1] = '\0';
	ck_assert_int_eq(reply_meaning(text), REPLY_URGENT);
	free(text);
}
END_TEST

/* Each becomes a word that is longer than the sign itself. */
START_TEST(of_a_wall_of_signs_as_much_is_read_as_there_is_room_for)
{
	static const char sign[] = "\xf0\x9f\x9b\x91";
	size_t size = 4 * (sizeof(sign) - 1) * 1024;
	char *text = malloc(size + 1);

	for (size_t i = 0; i < size; i++)
		text[i] = sign[i % (sizeof(sign) - 1)];
	text[size] = '\0';
	ck_assert_int_eq(reply_meaning(text), REPLY_STOP);
	ck_assert_int_eq(reply_consent(text), REPLY_NEITHER);
	free(text);
}
END_TEST

START_TEST(names_are_those_of_the_statement)
{
	static const char *const names[REPLY_MEANING_MAX] = { "urgent",
		"callback", "form", "text", "courtesy", "stop", "start" };

	for (int i = 0; i < REPLY_MEANING_MAX; i++)
		ck_assert_str_eq(
		    reply_meaning_name((enum reply_meaning)i), names[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tc = tcase_create("reply");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_text_means_what_a_person_would_say, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_loop_test(tc, an_answer_says_yes_or_no_or_neither, 0,
	    (int)(sizeof(consents) / sizeof(consents[0])));
	tcase_add_test(tc, a_long_text_is_read_like_a_short_one);
	tcase_add_test(tc, of_an_endless_text_only_the_beginning_is_read);
	tcase_add_test(
	    tc, of_a_wall_of_signs_as_much_is_read_as_there_is_room_for);
	tcase_add_test(tc, names_are_those_of_the_statement);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	/* A process for each case would take most of the time. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
