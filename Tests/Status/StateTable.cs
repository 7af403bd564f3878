using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorRaid.Reporting;
using ActorRaid.Tests.Lab;

namespace ActorRaid.Tests.Statuses;

/// <summary>
/// What every output says in a state, as Tests/Lab/Scenarios/states.table has it: these tests read that file, and the
/// scenarios compare with it what is said on a real kernel. Its beginning says how it is written.
/// </summary>
/// <param name="Name">The state's name.</param>
/// <param name="Lines">What each output says, by the output's name, in order.</param>
internal sealed partial record StateRow(string Name, ImmutableArray<(string Output, string Text)> Lines)
{
    /// <summary>Where the table and the scenarios are.</summary>
    public static string Folder { get; } = Path.Combine(GuestLab.FindRoot(), "Tests/Lab/Scenarios");

    private static readonly ImmutableDictionary<string, string> Usual = new Dictionary<string, string>
    {
        ["container"] = "md127", ["array"] = "md126", ["volume"] = "vol0", ["first"] = "sda", ["disk"] = "sdb",
            ["third"] = "sdc", ["spare"] = "sdd",
        ["serial"] = "SERIAL1", ["another"] = "SERIAL2", ["process"] = "17",
    }.ToImmutableDictionary();

    /// <summary>What the names in braces are called in the row's situation.</summary>
    public ImmutableDictionary<string, string> Names => this["names"].SelectMany(line =>
        line.Split(' ')).Select(pair => pair.Split('='))
        .Aggregate(Usual, (names, pair) => names.SetItem(pair[0], pair[1]));

    /// <summary>The lines of one output.</summary>
    public ImmutableArray<string> this[string output] => [.. Lines.Where(line => line.Output == output).Select(line =>
        line.Text)];

    /// <summary>The line of an output that has one; empty where it has none.</summary>
    public string One(string output) => this[output].FirstOrDefault() ?? "";

    /// <summary>The table.</summary>
    public static ImmutableArray<StateRow> All { get; } = Parse(File.ReadAllLines(Path.Combine(Folder,
        "states.table")));

    /// <summary>Whether what was said is what the table has, with these names for those in braces.</summary>
    public static bool Fits(string wanted, string said, IReadOnlyDictionary<string, string> names) =>
        Regex.IsMatch(said, $"^{Pattern(wanted, names)}$", RegexOptions.Singleline);

    /// <summary>Each line as it is wanted, in order; those that need not be there are passed over.</summary>
    public static bool Same(ImmutableArray<string> wanted, ImmutableArray<string> said, IReadOnlyDictionary<string,
        string> names)
    {
        var at = 0;
        foreach (var line in wanted)
        {
            var isOptional = line.StartsWith("? ", StringComparison.Ordinal);
            if (at < said.Length && Fits(isOptional ? line[2..] : line, said[at], names))
                at++;
            else if (!isOptional)
                return false;
        }
        return at == said.Length;
    }

    /// <summary>The pattern that a text of the table stands for.</summary>
    public static string Pattern(string wanted, IReadOnlyDictionary<string, string> names) => Token().Replace(
        Regex.Escape(wanted).Replace("}", "\\}", StringComparison.Ordinal),
        token => token.Groups[1].Value switch
        {
            "number" => "[0-9.]+",
            "time" => "[0-9]+ (s|min|h|d)( [0-9]+ (min|h))?",
            "since" => "(, for [0-9a-z ]+ as far as this daemon knows)?",
            "" => $"({Regex.Unescape(token.Groups[2].Value)})",
            var name => names.TryGetValue(name, out var its) ? Regex.Escape(its).Replace("}", "\\}",
                StringComparison.Ordinal) : "\\S+?",
        });

    private static ImmutableArray<StateRow> Parse(string[] lines)
    {
        var rows = ImmutableArray.CreateBuilder<StateRow>();
        foreach (var line in lines)
        {
            if (line.StartsWith('#') || line.Length == 0)
                continue;
            if (line.StartsWith('['))
            {
                rows.Add(new StateRow(line.Trim('[', ']'), []));
                continue;
            }
            var at = line.IndexOf(' ', StringComparison.Ordinal);
            var (output, text) = at < 0 ? (line, "") : (line[..at], line[(at + 1)..]);
            rows[^1] = rows[^1] with { Lines = rows[^1].Lines.Add((output, text)) };
        }
        return rows.ToImmutable();
    }

    // {name}, and <this|that>, as Regex.Escape leaves them.
    [GeneratedRegex(@"\\\{([a-z]+)\\\}|<([^<>]*)>")]
    private static partial Regex Token();
}

/// <summary>JSON in the table's words.</summary>
internal static class StateJson
{
    /// <summary>A line for the host, each container, each array, and each disk of which there is something to
    /// say.</summary>
    public static IEnumerable<string> Lines(HostStatus status)
    {
        yield return $"health {Word(status.Health)}";
        foreach (var container in status.Containers)
        {
            var waits = container.WaitsHealth is { } own ? $", waits: {Word(own)}" : "";
            yield return $"{container.Name} {Word(container.Health)}{waits}";
            foreach (var array in container.Arrays)
                yield return Line(array);
            foreach (var disk in container.Disks.Where(disk => disk.Role is not ("member" or "spare") || disk.Hangs
                || disk.Unwritten || disk.Unreadable is not null))
                yield return $"{disk.Name} "
                    + $"{disk.Role}{(disk.Hangs ? ", hangs" : "")}{(disk.Unreadable is null ? "" : ", unreadable")}"
                    + $"{(disk.Unwritten ? ", unwritten" : "")}";
        }
        foreach (var array in status.NativeArrays ?? [])
            yield return Line(array);
    }

    private static string Line(ArrayStatus array) =>
        $"{array.Name} {Word(array.Health)}, {(array.State is "" ? "?" : array.State)}, {array.Action}, "
            + $"{array.Missing} of {array.RaidDisks} missing"
        + string.Concat((array.Conditions ?? []).Select(condition => $", {condition}"));

    private static string Word(Health health) => Words.Of(health).ToLowerInvariant();
}
