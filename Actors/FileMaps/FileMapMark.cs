using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>
/// What is written beside regions of a file map, so that whoever goes on after a crash knows which of those that are
/// not in the group's list are to come into it, and which have left it.
/// </summary>
/// <param name="Group">The group's number.</param>
/// <param name="Identity">
/// What tells this file map from an earlier one of a group with the same number; without blanks and <c>=</c>.
/// </param>
internal sealed record FileMapMark(ulong Group, string Identity)
{
    private const string Tag = "DMS_GROUP=";

    /// <summary>Beside a region that was created for the file.</summary>
    public string Part => $"filemap-part:{Group}:{Identity}";

    /// <summary>
    /// Beside a region that leaves: what it has counted may be carried already, so that it never comes back.
    /// </summary>
    public string Gone => $"filemap-gone:{Group}:{Identity}";

    private string LeaderPrefix => $"{LeaderPrefixOf(Group)}{Identity}=";

    /// <summary>Whether the text of a group is kept beside a region, whatever file map's it is.</summary>
    public static bool KeepsTextOf(ulong group, string aux) => aux.StartsWith(LeaderPrefixOf(group), StringComparison.Ordinal);

    /// <summary>Whether that text is one of this file map's.</summary>
    public bool IsOurs(string aux) => aux == Part || aux == Gone || aux.StartsWith(LeaderPrefix, StringComparison.Ordinal);

    /// <summary>
    /// Beside a region while the leader is replaced: the group's text, which is nowhere else then. libdm must not take
    /// it for a group's, so that it lacks the beginning.
    /// </summary>
    public string Keeping(GroupTag tag) => LeaderPrefix + tag.Build().Value[Tag.Length..];

    /// <summary>The group's text that is kept beside a region; null: none is.</summary>
    public GroupTag? Kept(string aux) =>
        aux.StartsWith(LeaderPrefix, StringComparison.Ordinal)
        && GroupTag.Parse(Group, Tag + aux[LeaderPrefix.Length..]) is { Ok: true, Value: { } tag }
            ? tag
            : null;

    private static string LeaderPrefixOf(ulong group) => $"filemap-lead:{group}:";
}
