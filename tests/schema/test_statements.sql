-- The files of lib/sql: a struct of C is made from each header, so header and statement must say the same
begin;
select tap.start();
select no_plan();

create temp view text as
select name, sql, role, result, columns, params, numbers,
       regexp_replace(sql, '--[^\n]*', '', 'g') as code
from tap.statement;

select cmp_ok(count(*), '>=', 28::bigint, 'statements are found') from text;
select ok(sql ~ ('^-- ' || upper(name) || ': [^\n]+\n-- role: [a-z]+\n(-- [$][0-9]+ [a-z_]+: [^\n]+\n(--  +[^\n]+\n)*)*-- > [^\n]+\n[a-z]'), name || ': the header has its form') from text where name !~ '^command_';
select is(numbers, array(select generate_series(1, cardinality(numbers))), name || ': parameters are numbered without gaps') from text;
select is(cardinality(params), (select count(distinct p) from unnest(params) p)::int, name || ': and named differently') from text;
select is((select array_agg(distinct m[1]::int order by m[1]::int) from regexp_matches(code, '[$](\d+)', 'g') m), nullif(numbers, '{}'), name || ': all are used, and no others') from text;
select ok(code !~ '[$]\d+(?!\d|::)', name || ': each with its cast') from text;
select is(columns, nullif(result, 'nothing'), name || ': what it returns') from text where name !~ '^command_';        -- an operator's command names what it prints in words
select ok(code !~* '\mnow\(\)' or name = 'health', name || ': decides no time by itself') from text;

select * from finish();
rollback;
