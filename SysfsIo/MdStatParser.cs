using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorRaid.SysfsIo;

/// <summary>
/// Reads /proc/mdstat. Source of the format: the kernel's drivers/md (md.c md_seq_show, status_resync and status_unused, the bitmap's
/// and every personality's status line), 2.6 to 6.x. What is not known is kept as it is; nothing is an error.
/// </summary>
public static partial class MdStat
{
    /// <summary>Parses the file's text; never throws for what stands in it.</summary>
    public static MdStatFile Parse(string text)
    {
        var personalities = ImmutableArray<string>.Empty;
        var unused = ImmutableArray<string>.Empty;
        var unknown = ImmutableArray.CreateBuilder<string>();
        var arrays = ImmutableArray.CreateBuilder<MdStatArray>();
        string? readAhead = null;
        MdStatArray? array = null;
        foreach (var line in text.Split('\n'))
        {
            if (line.AsSpan().Trim().IsEmpty)
            {
                continue;
            }
            if (char.IsWhiteSpace(line[0]))
            {
                if (array is null)
                {
                    unknown.Add(line);
                }
                else
                {
                    array = WithLine(array, line.Trim());
                }
                continue;
            }
            if (line.StartsWith("Personalities :", StringComparison.Ordinal))
            {
                personalities = [.. Bracketed().Matches(line).Select(match => match.Groups[1].Value)];
            }
            else if (line.StartsWith("read_ahead ", StringComparison.Ordinal))
            {
                readAhead = line["read_ahead ".Length..].Trim();
            }
            else if (line.StartsWith("unused devices:", StringComparison.Ordinal))
            {
                unused = [.. Words(line["unused devices:".Length..]).Where(word => word != "<none>")];
            }
            else if (Heading(line) is { } next)
            {
                if (array is not null)
                {
                    arrays.Add(array);
                }
                array = next;
                continue;
            }
            else
            {
                unknown.Add(line);
            }
            if (array is not null)
            {
                arrays.Add(array);
                array = null;
            }
        }
        if (array is not null)
        {
            arrays.Add(array);
        }
        return new MdStatFile(personalities, readAhead, arrays.ToImmutable(), unused, unknown.ToImmutable());
    }

    /// <summary><c>md126 : active (auto-read-only) raid5 sdc[2] sdb[1](F) sda[0]</c></summary>
    private static MdStatArray? Heading(string line)
    {
        var colon = line.IndexOf(" : ", StringComparison.Ordinal);
        if (colon <= 0 || line.AsSpan(0, colon).Contains(' '))
        {
            return null;
        }
        var words = Words(line[(colon + 3)..]);
        if (words.Length == 0)
        {
            return null;
        }
        // Old kernels leave out the blank between the state and its mark.
        var stateText = words[0];
        var marks = ImmutableArray.CreateBuilder<string>();
        if (stateText.IndexOf('(') is > 0 and var parenthesis && stateText.EndsWith(')'))
        {
            marks.Add(stateText[(parenthesis + 1)..^1]);
            stateText = stateText[..parenthesis];
        }
        string? level = null;
        var members = ImmutableArray.CreateBuilder<MdStatMember>();
        var unknown = ImmutableArray.CreateBuilder<string>();
        // Without devices the line goes on with what else stands on the next.
        var status = "";
        for (var i = 1; i < words.Length; i++)
        {
            var word = words[i];
            if (word == "super")
            {
                status = string.Join(' ', words[i..]);
                break;
            }
            if (Member(word) is { } member)
            {
                members.Add(member);
            }
            else if (word is ['(', .. var mark, ')'])
            {
                marks.Add(mark);
            }
            else if (level is null && members.Count == 0)
            {
                level = word;
            }
            else
            {
                unknown.Add(word);
            }
        }
        var state = stateText switch
        {
            "active" => MdStatState.Active,
            "inactive" => MdStatState.Inactive,
            "broken" => MdStatState.Broken,
            _ => MdStatState.Other,
        };
        var array = new MdStatArray(
            line[..colon], state, stateText, marks.ToImmutable(), level, members.ToImmutable(),
            null, null, "", null, null, null, null, null, unknown.ToImmutable());
        return WithStatus(array, status);
    }

    private static MdStatMember? Member(string word)
    {
        var match = MemberPattern().Match(word);
        return match.Success && int.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out var number)
            ? new MdStatMember(match.Groups[1].Value, number, string.Concat(match.Groups[3].Captures.Select(flag => flag.Value)))
            : null;
    }

    private static MdStatArray WithLine(MdStatArray array, string line)
    {
        if (array.Blocks is null && BlocksPattern().Match(line) is { Success: true } blocks && Number(blocks.Groups[1]) is { } size)
        {
            return WithStatus(array with { Blocks = size }, blocks.Groups[2].Value.Trim());
        }
        if (line.StartsWith("bitmap: ", StringComparison.Ordinal))
        {
            return array with { Bitmap = Bitmap(line) };
        }
        return Progress(line) is { } progress
            ? array with { Progress = progress }
            : array with { Unknown = array.Unknown.Add(line) };
    }

    /// <summary><c>super external:/md127/0 level 5, 64k chunk, algorithm 0 [3/3] [UUU]</c></summary>
    private static MdStatArray WithStatus(MdStatArray array, string status)
    {
        if (SuperPattern().Match(status) is { Success: true } super)
        {
            array = array with { MetadataVersion = super.Groups[1].Value };
            status = status[super.Length..].Trim();
        }
        if (CountsPattern().Match(status) is { Success: true } counts)
        {
            array = array with
            {
                RaidDisks = (int?)Number(counts.Groups[1]),
                WorkingDisks = (int?)Number(counts.Groups[2]),
                Slots = counts.Groups[3].Value,
            };
            status = string.Concat(status.AsSpan(0, counts.Index).TrimEnd(), status.AsSpan(counts.Index + counts.Length));
        }
        return array with { Layout = status };
    }

    private static MdStatProgress? Progress(string line)
    {
        if (WaitingPattern().Match(line) is { Success: true } waiting)
        {
            var state = waiting.Groups[2].ValueSpan switch
            {
                "DELAYED" => MdStatProgressState.Delayed,
                "PENDING" => MdStatProgressState.Pending,
                _ => MdStatProgressState.Remote,
            };
            return new MdStatProgress(waiting.Groups[1].Value, state);
        }
        return RunningPattern().Match(line) is { Success: true } running
            ? new MdStatProgress(
                running.Groups[1].Value,
                MdStatProgressState.Running,
                Fraction(running.Groups[2]),
                Number(running.Groups[3]),
                Number(running.Groups[4]),
                Fraction(running.Groups[5]),
                Number(running.Groups[6]))
            : null;
    }

    private static MdStatBitmap Bitmap(string line)
    {
        var match = BitmapPattern().Match(line);
        var chunk = Number(match.Groups[4]);
        return new MdStatBitmap(
            Number(match.Groups[1]),
            Number(match.Groups[2]),
            Number(match.Groups[3]),
            match.Groups[5].ValueSpan is "KB" ? chunk * 1024 : chunk,
            match.Groups[6].Success ? match.Groups[6].Value : null,
            line);
    }

    private static string[] Words(string text) => text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static long? Number(Group group) =>
        long.TryParse(group.ValueSpan, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static double? Fraction(Group group) =>
        double.TryParse(group.ValueSpan, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"\[([^\]]+)\]")]
    private static partial Regex Bracketed();

    [GeneratedRegex(@"^([^\[\]]+)\[(-?[0-9]+)\](?:\(([A-Z])\))*$")]
    private static partial Regex MemberPattern();

    [GeneratedRegex(@"^([0-9]+) blocks(?: (.*))?$")]
    private static partial Regex BlocksPattern();

    [GeneratedRegex(@"^super (\S+)")]
    private static partial Regex SuperPattern();

    [GeneratedRegex(@"\[([0-9]+)/([0-9]+)\] \[([A-Za-z_.]*)\]")]
    private static partial Regex CountsPattern();

    [GeneratedRegex(@"^(resync|recover|recovery|reshape|check)\s*=\s*(DELAYED|PENDING|REMOTE)$")]
    private static partial Regex WaitingPattern();

    [GeneratedRegex(
        @"^\[[=>.]*\]\s+([a-z]+)\s*=\s*([0-9.]+)%\s*\(([0-9]+)/([0-9]+)\)(?:\s+finish=([0-9.]+)min)?(?:\s+speed=(-?[0-9]+)K/sec)?")]
    private static partial Regex RunningPattern();

    [GeneratedRegex(@"^bitmap: ([0-9]+)/([0-9]+) pages \[([0-9]+)KB\], ([0-9]+)(KB|B) chunk(?:, file: (.*))?$")]
    private static partial Regex BitmapPattern();
}
