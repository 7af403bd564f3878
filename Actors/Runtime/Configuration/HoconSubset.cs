using System.Text;

namespace Akka.Configuration;

/// <summary>Parses a subset of HOCON into values by dotted path; the later value wins.</summary>
internal sealed class HoconSubset
{
    private readonly string _text;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private int _at;

    private HoconSubset(string text) => _text = text;

    private bool AtEnd => _at >= _text.Length;

    internal static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var parser = new HoconSubset(text);
        parser.SkipSpace(lines: true);
        var braces = parser.Take('{');
        parser.Section("", braces);
        parser.SkipSpace(lines: true);
        return parser.AtEnd ? parser._values : throw parser.Wrong("text after the end");
    }

    private void Section(string prefix, bool braces)
    {
        while (true)
        {
            SkipSpace(lines: true, commas: true);
            if (AtEnd)
            {
                if (braces)
                {
                    throw Wrong("a } is missing");
                }

                return;
            }

            if (braces && Take('}'))
            {
                return;
            }

            Field(prefix);
        }
    }

    private void Field(string prefix)
    {
        var path = prefix + Key();
        SkipSpace(lines: false);
        var assigned = Take('=') || Take(':');
        SkipSpace(lines: assigned);
        if (Take('{'))
        {
            Section(path + ".", braces: true);
        }
        else if (assigned)
        {
            _values[path] = Value();
        }
        else
        {
            throw Wrong($"= or {{ expected after {path}");
        }
    }

    private string Key()
    {
        var key = new StringBuilder();
        do
        {
            var start = key.Length;
            if (!AtEnd && _text[_at] == '"')
            {
                key.Append(Quoted());
            }
            else
            {
                while (!AtEnd && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '-' or '_'))
                {
                    key.Append(_text[_at++]);
                }
            }

            if (key.Length == start)
            {
                throw Wrong("a key is expected");
            }

            if (!Take('.'))
            {
                return key.ToString();
            }

            key.Append('.');
        }
        while (true);
    }

    private string Value()
    {
        string value;
        if (!AtEnd && _text[_at] == '"')
        {
            value = Quoted();
        }
        else
        {
            var start = _at;
            while (!AtEnd && !AtComment() && _text[_at] is not ('\n' or ',' or '}'))
            {
                if (_text[_at] is '{' or '[' or ']' or '"' or '$' or '+' or '\\' or '`' or '^' or '?' or '!' or '@' or '*' or '&')
                {
                    throw Wrong($"{_text[_at]} cannot be used in a value without quotes");
                }

                _at++;
            }

            value = _text[start.._at].Trim();
            if (value.Length == 0)
            {
                throw Wrong("a value is expected");
            }
        }

        SkipSpace(lines: false);
        return AtEnd || _text[_at] is '\n' or ',' or '}' ? value : throw Wrong("the end of the line is expected after a value");
    }

    private string Quoted()
    {
        if (_text.AsSpan(_at).StartsWith("\"\"\""))
        {
            throw Wrong("triple quotes are not known");
        }

        var value = new StringBuilder();
        for (_at++; !AtEnd && _text[_at] is not ('"' or '\n'); _at++)
        {
            if (_text[_at] != '\\')
            {
                value.Append(_text[_at]);
                continue;
            }

            _at++;
            value.Append(AtEnd ? throw Wrong("the text ends in quotes") : _text[_at] switch
            {
                'n' => '\n',
                't' => '\t',
                '"' or '\\' or '/' => _text[_at],
                _ => throw Wrong($"\\{_text[_at]} is not known"),
            });
        }

        return Take('"') ? value.ToString() : throw Wrong("the closing quote is missing");
    }

    private void SkipSpace(bool lines, bool commas = false)
    {
        while (!AtEnd)
        {
            if (AtComment())
            {
                while (!AtEnd && _text[_at] != '\n')
                {
                    _at++;
                }
            }
            else if (_text[_at] is ' ' or '\t' or '\r' || (lines && _text[_at] == '\n') || (commas && _text[_at] == ','))
            {
                _at++;
            }
            else
            {
                return;
            }
        }
    }

    private bool AtComment() => _text[_at] == '#' || _text.AsSpan(_at).StartsWith("//");

    private bool Take(char symbol)
    {
        if (AtEnd || _text[_at] != symbol)
        {
            return false;
        }

        _at++;
        return true;
    }

    private ConfigurationException Wrong(string what)
    {
        var line = _text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n') + 1;
        return new ConfigurationException($"Configuration, line {line}: {what} (only a small part of HOCON is known here)");
    }
}
