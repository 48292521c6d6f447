// compare - our reading of telephone numbers beside libphonenumber-js
//
// node compare.mjs PHONE_LINES
//
// Both read the same corpus, made here from fixed seeds: the example mobile number of every
// country in the ways people write it, and random national numbers, valid or not. What they
// disagree on must be in `accepted` below, with its reason, and nothing in that list may be idle.
// libphonenumber-js is of the month of Debian's libphonenumber (8.12.57, autumn 2022): numbering
// plans change, and a newer one would differ in what has changed since.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const js = require('libphonenumber-js/max');
const examples = require('libphonenumber-js/examples.mobile.json');

const SEED = 20261123;
const RANDOM_PER_COUNTRY = 400;

// The countries of the random numbers: neighbours first, then one of every kind of plan.
const COUNTRIES = ('CH LI DE AT FR IT GB IE ES PT NL BE LU DK SE NO FI PL CZ SK HU SI HR RO BG ' +
	'GR TR UA RS BA US CA MX BR AR AU NZ JP KR IN IL ZA EG').split(' ');

const KINDS = {
	MOBILE: 'mobile',
	FIXED_LINE: 'fixed',
	FIXED_LINE_OR_MOBILE: 'fixed_or_mobile',
	TOLL_FREE: 'toll_free',
	PREMIUM_RATE: 'premium',
	SHARED_COST: 'shared_cost',
	VOIP: 'voip',
	PAGER: 'pager',
	VOICEMAIL: 'voicemail',
};

// mulberry32: the same numbers on every machine
function random(seed) {
	let a = seed;
	return () => {
		a = (a + 0x6d2b79f5) | 0;
		let t = Math.imul(a ^ (a >>> 15), 1 | a);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

const fullWidth = (text) => text.replace(/[+0-9]/g,
	(c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0));

// The ways of writing a number, each with what is written.
const STYLES = {
	e164: (n) => n.number,
	international: (n) => n.formatInternational(),
	national: (n) => n.formatNational(),
	digits: (n) => n.formatNational().replace(/\D/g, ''),
	dots: (n) => n.formatNational().replace(/[ -]+/g, '.'),
	slash: (n) => n.formatNational().replace(/[ -]+/, '/'),
	hyphens: (n) => n.formatInternational().replace(/ /g, '-'),
	'no-break space': (n) => n.formatInternational().replace(/ /g, '\u00a0'),
	'thin space': (n) => n.formatInternational().replace(/ /g, '\u2009'),
	'full width': (n) => fullWidth(n.formatInternational()),
	'00': (n) => '00' + n.number.slice(1),
	'00 and spaces': (n) => '00' + n.formatInternational().slice(1),
	'without +': (n) => n.number.slice(1),
	'without 0': (n) => n.nationalNumber,
	'(0)': (n) => `+${n.countryCallingCode} (0)${n.nationalNumber}`,
	'ext.': (n) => n.formatNational() + ' ext. 12',
	x: (n) => n.formatNational() + ' x12',
	'int.': (n) => n.formatInternational() + ' int. 12',
	'tel:': (n) => n.getURI(),
	'after a word': (n) => 'Tel. ' + n.formatNational(),
	pasted: (n) => `\u202a${n.formatInternational()}\u202c`,
};

// Countries that write a 0 before the area code at home: "(0)" makes sense there only.
const usesZero = (n) => /^\D*0/.test(n.formatNational()) && n.country !== 'IT' &&
	n.country !== 'SM' && n.country !== 'VA';

function corpus() {
	const lines = [];
	for (const country of Object.keys(examples)) {
		const n = js.getExampleNumber(country, examples);
		const meant = js.parsePhoneNumberFromString(n.formatInternational()).number;
		for (const [style, write] of Object.entries(STYLES))
			if (style !== '(0)' || usesZero(n))
				lines.push({ style, country, text: write(n), meant });
	}
	for (const country of COUNTRIES) {
		const next = random(SEED + country.charCodeAt(0) * 256 + country.charCodeAt(1));
		const length = js.getExampleNumber(country, examples).nationalNumber.length;
		for (let i = 0; i < RANDOM_PER_COUNTRY; i++) {
			let text = '';
			const digits = length + Math.floor(next() * 4) - 2;
			for (let d = 0; d < digits; d++)
				text += Math.floor(next() * 10);
			const code = js.getCountryCallingCode(country);
			lines.push({ style: 'random', country, text: `+${code}${text}` });
		}
	}
	return lines;
}

function theirs({ country, text }) {
	const n = js.parsePhoneNumberFromString(text, country);
	if (n === undefined || !n.isValid())
		return '-';
	return `${n.number}\t${KINDS[n.getType()] ?? 'other'}`;
}

function ours(program, lines) {
	const run = spawnSync(program, {
		input: lines.map((l) => `${l.country}\t${l.text}\n`).join(''),
		encoding: 'utf8',
		maxBuffer: 64 * 1024 * 1024,
	});
	if (run.status !== 0)
		throw new Error(`${program}: ${run.error ?? run.stderr}`);
	return run.stdout.trimEnd().split('\n');
}

// Differences that are meant. Where a number was meant, ours must be that one.
const accepted = [
	{
		why: 'A thin space is a space; libphonenumber stops at it',
		when: (line, our, their) => line.style === 'thin space' && their === '-',
	},
	{
		why: '00 means abroad wherever it is read, as providers write it',
		when: (line, our, their) => line.style.startsWith('00') && their === '-',
	},
	{
		why: 'libphonenumber-js keeps the country code after a full width plus',
		when: (line, our, their) => line.style === 'full width' &&
			their.startsWith(`+${js.getCountryCallingCode(line.country)}` +
				line.meant.slice(1)),
	},
	{
		why: 'Tristan da Cunha has no mobiles; libphonenumber-js asks Saint Helena, whose code it has',
		when: (line, our, their) => line.country === 'TA' && our === '+2908999\tfixed' &&
			their === '+2908999\tfixed_or_mobile',
	},
	{
		why: 'libphonenumber-js takes no voice mail for a valid number',
		when: (line, our, their) => our.endsWith('\tvoicemail') && their === '-',
	},
];

const lines = corpus();
const answers = ours(process.argv[2], lines);
if (answers.length !== lines.length)
	throw new Error(`${lines.length} lines, ${answers.length} answers`);

let same = 0;
const wrong = [];
const used = new Set();
lines.forEach((line, i) => {
	const their = theirs(line);
	if (answers[i] === their) {
		same++;
		return;
	}
	const right = line.meant === undefined || answers[i].startsWith(`${line.meant}\t`);
	const reason = right ? accepted.find((a) => a.when(line, answers[i], their)) : undefined;
	if (reason === undefined)
		wrong.push({ ...line, ours: answers[i], theirs: their });
	else
		used.add(reason);
});

for (const w of wrong)
	console.log(`${w.country}\t${w.style}\t"${w.text}"\tours ${w.ours}\ttheirs ${w.theirs}`);
const idle = accepted.filter((a) => !used.has(a));
for (const a of idle)
	console.log(`accepted for nothing: ${a.why}`);
console.log(`${lines.length} numbers of ${Object.keys(examples).length} countries: ${same} read alike, ` +
	`${wrong.length} differ, ${lines.length - same - wrong.length} differ as accepted`);
process.exit(wrong.length === 0 && idle.length === 0 ? 0 : 1);
