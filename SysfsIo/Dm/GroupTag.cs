using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>
/// A group of regions. The kernel knows none: libdm keeps it in the text beside the region of the lowest number, the
/// leader, whose number is the group's: <c>DMS_GROUP=ALIAS:0-3,7#USER</c>. From lvm2 2.03.24 on the alias stands in
/// quotes, before it does not; whatever it was read as it is written as.
/// </summary>
/// <param name="Alias">The group's name; dmstats takes the file's. Bytes, each as one character.</param>
/// <param name="IsQuoted">It stands in quotes.</param>
/// <param name="Members">The numbers of its regions, the leader's first.</param>
/// <param name="User">What a program keeps there itself; empty: nothing.</param>
public sealed record GroupTag(string Alias, bool IsQuoted, ImmutableSortedSet<ulong> Members, string User)
{
    private const string Tag = "DMS_GROUP=";

    /// <summary>No group has more: what a wrong text asks for is not made.</summary>
    private const ulong MostMembers = 1_000_000;

    /// <summary>
    /// Reads what stands beside a region. No value: it leads no group. EBADMSG: it should and cannot be understood.
    /// </summary>
    /// <param name="region">The region's number.</param>
    /// <param name="aux">The text.</param>
    public static Result<GroupTag?> Parse(ulong region, string aux)
    {
        if (!aux.StartsWith(Tag, StringComparison.Ordinal))
        {
            return (GroupTag?)null;
        }
        var rest = aux[Tag.Length..];
        var quoted = rest.StartsWith('"') && rest.IndexOf("\":", 1, StringComparison.Ordinal) > 0;
        var end = quoted ? rest.IndexOf("\":", 1, StringComparison.Ordinal) : rest.IndexOf(':');
        if (end < 0)
        {
            return Bad(region, aux);
        }
        var alias = rest[(quoted ? 1 : 0)..end];
        var text = rest[(end + (quoted ? 2 : 1))..];
        var hash = text.IndexOf('#');
        var members = ParseMembers(hash < 0 ? text : text[..hash]);
        var user = hash < 0 ? "" : text[(hash + 1)..];
        return members is null || members[0] != region ? Bad(region, aux)
            : new GroupTag(alias, quoted, members, user == StatsMessages.Nothing ? "" : user);
    }

    /// <summary>
    /// The text. EINVAL for what cannot be told from its parts again: an alias with a colon, a group without regions.
    /// </summary>
    public Result<string> Build()
    {
        var quote = IsQuoted ? "\"" : "";
        var text = $"{Tag}{quote}{Alias}{quote}:{MembersText()}#{(User.Length > 0 ? User : StatsMessages.Nothing)}";
        return !Members.IsEmpty && Parse(Members[0], text) is { Ok: true, Value: { } parsed } && parsed == this
            ? text
            : new KernelError(Errno.EINVAL, $"the group tag {text}", "write");
    }

    /// <summary>The same members, alias and user's text.</summary>
    public bool Equals(GroupTag? other) =>
        other is not null && Alias == other.Alias && IsQuoted == other.IsQuoted && User == other.User
        && Members.SetEquals(other.Members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Alias, IsQuoted, User, Members.Count);

    /// <summary>Numbers in order, those that follow one another as <c>first-last</c>.</summary>
    private string MembersText()
    {
        var text = new StringBuilder();
        for (var i = 0; i < Members.Count; i++)
        {
            var first = i;
            while (i + 1 < Members.Count && Members[i + 1] == Members[i] + 1)
            {
                i++;
            }
            text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? "," : "")}{Members[first]}");
            if (i > first)
            {
                text.Append(CultureInfo.InvariantCulture, $"-{Members[i]}");
            }
        }
        return text.ToString();
    }

    private static ImmutableSortedSet<ulong>? ParseMembers(string text)
    {
        var members = ImmutableSortedSet.CreateBuilder<ulong>();
        foreach (var range in text.Split(','))
        {
            var ends = range.Split('-');
            if (ends.Length > 2 || !Number(ends[0], out var first) || !Number(ends[^1], out var last)
                || last < first || last - first >= MostMembers - (ulong)members.Count)
            {
                return null;
            }
            for (var member = first; member <= last; member++)
            {
                members.Add(member);
            }
        }
        return members.ToImmutable();
    }

    // A region's number is an int of the kernel's.
    private static bool Number(string text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= int.MaxValue;

    private static KernelError Bad(ulong region, string aux) =>
        new(Errno.EBADMSG, $"the group tag of region {region}, \"{aux.ReplaceLineEndings(" ")}\"", "understand");
}
