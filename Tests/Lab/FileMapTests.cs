using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>File maps on a real kernel's device-mapper, with the distribution's dmstats as the client.</summary>
[Collection("lab")]
public sealed class FileMapTests(GuestLab lab)
{
    /// <summary>How often the file grows.</summary>
    public static TheoryData<int> Appends => GuestLab.Soak ? new(15, 1000) : new(15);

    /// <summary>The file grows, is cut and punched, renamed, emptied and unlinked, and its process is killed.</summary>
    [Theory]
    [MemberData(nameof(Appends))]
    public void A_groups_regions_follow_its_file_and_keep_what_they_have_counted(int appends) =>
        lab.Passes("filemap", 300, "PARTS=inode", $"APPENDS={appends}");

    /// <summary>What cannot be mapped, what replaces a file at its path, and what ends a map.</summary>
    [SoakFact]
    public void What_cannot_be_mapped_is_refused_a_path_is_followed_and_a_map_ends_with_nothing_left() =>
        lab.Passes("filemap", 200, "PARTS=refused path over");

    /// <summary>dmstats's other commands, and how much it takes.</summary>
    [SoakFact]
    public void What_dmstats_does_to_a_group_goes_on_and_too_many_pieces_end_it() =>
        lab.Passes("filemap", 300, "PARTS=clients pieces idle over");
}
