using System.Collections.Immutable;
using System.Globalization;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>
/// Reads what the kernel answers to <see cref="StatsMessages"/>. A text that is not understood is EBADMSG, with the
/// line.
/// </summary>
public static class StatsText
{
    private const string Precise = " precise_timestamps", Histogram = " histogram:";

    /// <summary>The number of a region that was created.</summary>
    public static Result<ulong> Number(string answer) =>
        Unsigned(answer.TrimEnd('\n'), out var id) ? id : Bad("@stats_create", answer);

    /// <summary>
    /// The regions of @stats_list, a line for each: <c>ID: START+LENGTH STEP PROGRAM AUX[ precise_timestamps][
    /// histogram:BOUND,BOUND]</c>. AUX may hold blanks; it may hold ends of lines as well, so that a line which begins
    /// otherwise belongs to the one before.
    /// </summary>
    public static Result<ImmutableArray<StatsRegion>> Regions(string answer)
    {
        List<string> rows = [];
        foreach (var line in answer.TrimEnd('\n').Split('\n'))
        {
            if (BeginsRow(line))
            {
                rows.Add(line);
            }
            else if (rows.Count > 0)
            {
                rows[^1] += '\n' + line;
            }
            else if (line.Length > 0)
            {
                return Bad("@stats_list", line);
            }
        }
        var regions = ImmutableArray.CreateBuilder<StatsRegion>(rows.Count);
        foreach (var row in rows)
        {
            if (Region(row) is not { } region)
            {
                return Bad("@stats_list", row);
            }
            regions.Add(region);
        }
        return regions.MoveToImmutable();
    }

    /// <summary>
    /// The areas of @stats_print, a line for each: <c>START+LENGTH</c>, 13 counters, and with a histogram its numbers
    /// with colons between.
    /// </summary>
    public static Result<ImmutableArray<StatsArea>> Areas(string answer)
    {
        var areas = ImmutableArray.CreateBuilder<StatsArea>();
        foreach (var line in answer.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Area(line.Split(' ')) is not { } area)
            {
                return Bad("@stats_print", line);
            }
            areas.Add(area);
        }
        return areas.ToImmutable();
    }

    private static bool BeginsRow(string line)
    {
        var digits = line.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return digits > 0 && line.AsSpan(digits).StartsWith(": ", StringComparison.Ordinal);
    }

    private static StatsRegion? Region(string row)
    {
        var colon = row.IndexOf(':');
        var words = row[(colon + 2)..].Split(' ', 4);
        if (words.Length < 4 || !Unsigned(row.AsSpan(0, colon), out var id) || Range(words[0]) is not { } range
            || !Unsigned(words[1], out var step) || range.Length == 0)
        {
            return null;
        }
        var aux = words[3];
        ImmutableArray<ulong> bounds = [];
        var at = aux.LastIndexOf(Histogram, StringComparison.Ordinal);
        if (at >= 0 && Numbers(aux[(at + Histogram.Length)..], ',') is { } found)
        {
            bounds = found;
            aux = aux[..at];
        }
        var precise = aux.EndsWith(Precise, StringComparison.Ordinal);
        return new StatsRegion(
            id, range, step, words[2], precise ? aux[..^Precise.Length] : aux, new StatsOptions(precise, bounds));
    }

    private static StatsArea? Area(string[] words)
    {
        const int plain = 1 + StatsCounters.Count, inFlight = 9;
        if (words.Length is not (plain or plain + 1) || Range(words[0]) is not { } range)
        {
            return null;
        }
        var numbers = new ulong[StatsCounters.Count];
        for (var i = 1; i < plain; i++)
        {
            // The kernel prints it with a sign; the processors' parts of it are not added up at one moment.
            if (i == inFlight && long.TryParse(words[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var signed))
            {
                numbers[i - 1] = (ulong)Math.Max(signed, 0);
            }
            else if (!Unsigned(words[i], out numbers[i - 1]))
            {
                return null;
            }
        }
        var histogram = words.Length == plain ? [] : Numbers(words[plain], ':');
        return histogram is { } counts ? new StatsArea(range, StatsCounters.From(numbers), counts) : null;
    }

    private static SectorRange? Range(string word)
    {
        var plus = word.IndexOf('+');
        return plus > 0 && Unsigned(word.AsSpan(0, plus), out var start) && Unsigned(word.AsSpan(plus + 1), out var length)
            && start + length >= start
            ? new SectorRange(start, length)
            : null;
    }

    private static ImmutableArray<ulong>? Numbers(string text, char between)
    {
        var words = text.Split(between);
        var numbers = ImmutableArray.CreateBuilder<ulong>(words.Length);
        foreach (var word in words)
        {
            if (!Unsigned(word, out var number))
            {
                return null;
            }
            numbers.Add(number);
        }
        return numbers.MoveToImmutable();
    }

    private static bool Unsigned(ReadOnlySpan<char> text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static KernelError Bad(string message, string line) =>
        new(Errno.EBADMSG, $"the answer to {message}, \"{line.ReplaceLineEndings(" ")}\"", "understand");
}
