using System.Globalization;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>
/// What regions had counted that are no longer the file's: kept in the user's part of the group's text, as
/// <c>filemap-sum:</c> and the 13 counters in the kernel's order with commas between. It changes together with the list
/// of regions, in one message, so that nothing is counted twice or lost by a crash.
/// </summary>
internal static class CarriedCounts
{
    private const string Prefix = "filemap-sum:";

    /// <summary>The counts in a group's text; all 0 where there are none.</summary>
    public static StatsCounters In(GroupTag tag) =>
        IsOurs(tag) && Read(tag.User[Prefix.Length..]) is { } counts ? counts : default;

    /// <summary>A group's text without counts; what the user has there stays.</summary>
    public static GroupTag Without(GroupTag tag) => IsOurs(tag) ? tag with { User = "" } : tag;

    /// <summary>
    /// A group's text with these counts; without any where they cannot be written: the user has a text of his own
    /// there, or the message would be longer than libdm's clients could read and change.
    /// </summary>
    public static GroupTag Put(GroupTag tag, StatsCounters counts)
    {
        var with = tag with { User = Prefix + string.Join(',', counts.ToArray()) };
        return counts != default && Without(tag).User.Length == 0 && Fits(with) ? with : Without(tag);
    }

    /// <summary>Whether libdm's clients can handle a group's text, and it can be written at all.</summary>
    public static bool Fits(GroupTag tag) =>
        tag.Build() is { Ok: true, Value: var text }
        && StatsMessages.SetAux(tag.Members[0], text).Length <= StatsMessages.ClientLimit;

    private static bool IsOurs(GroupTag tag) => tag.User.StartsWith(Prefix, StringComparison.Ordinal);

    private static StatsCounters? Read(string text)
    {
        var words = text.Split(',');
        var numbers = new ulong[words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            if (!ulong.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return null;
            }
        }

        return words.Length == StatsCounters.Count ? StatsCounters.From(numbers) : null;
    }
}
