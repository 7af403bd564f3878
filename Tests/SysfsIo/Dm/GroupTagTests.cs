using System.Collections.Immutable;
using ActorRaid.SysfsIo.Dm;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.SysfsIo.Dm;

/// <summary>Groups as dmstats reads and writes them.</summary>
public sealed class GroupTagTests
{
    private static readonly Gen<ImmutableSortedSet<ulong>> Members =
        Gen.Choose(0, 60).NonEmptyListOf().Select(ids => ids.Select(id => (ulong)id).ToImmutableSortedSet());

    [Theory]
    [InlineData(0, "DMS_GROUP=a:0#-", "a", false, "0", "")]
    [InlineData(0, "DMS_GROUP=a:0,2-7#-", "a", false, "0,2,3,4,5,6,7", "")]
    [InlineData(3, "DMS_GROUP=\"my a\":3-4#mine and yours", "my a", true, "3,4", "mine and yours")]
    [InlineData(15, "DMS_GROUP=:15-16#a#b:c", "", false, "15,16", "a#b:c")]
    [InlineData(0, "DMS_GROUP=\"a:b\":0#-", "a:b", true, "0", "")]
    [InlineData(0, "DMS_GROUP=\":0#-", "\"", false, "0", "")]
    public void Both_ways_of_writing_it_are_read_and_kept(ulong region, string aux, string alias, bool quoted, string members, string user)
    {
        var tag = GroupTag.Parse(region, aux).Value!;
        Assert.Equal((alias, quoted, members, user), (tag.Alias, tag.IsQuoted, string.Join(',', tag.Members), tag.User));
        Assert.Equal(aux, tag.Build().Value);
    }

    [Fact]
    public void A_group_whose_members_have_nothing_behind_them_is_read() =>
        Assert.Equal("DMS_GROUP=a:0-1#-", GroupTag.Parse(0, "DMS_GROUP=a:0-1").Value!.Build().Value);

    [Theory]
    [InlineData("-")]
    [InlineData("mine DMS_GROUP=a:0#-")]
    public void What_is_no_tag_is_none(string aux) => Assert.Null(GroupTag.Parse(0, aux).Value);

    [Theory]
    [InlineData("DMS_GROUP=a")]
    [InlineData("DMS_GROUP=a:#-")]
    [InlineData("DMS_GROUP=a:1-2#-")] // Region 0 does not lead it.
    [InlineData("DMS_GROUP=a:0,5-3#-")]
    [InlineData("DMS_GROUP=a:0-1-2#-")]
    [InlineData("DMS_GROUP=a:0,x#-")]
    [InlineData("DMS_GROUP=a:0-2147483647#-")] // 16 GiB of numbers.
    [InlineData("DMS_GROUP=a:0,18446744073709551615#-")]
    [InlineData("DMS_GROUP=a:b:0#-")] // No more do libdm's clients read it.
    public void A_tag_that_cannot_be_understood_is_an_error(string aux) => Assert.Equal(Errno.EBADMSG, GroupTag.Parse(0, aux).Error.Errno);

    [Theory]
    [InlineData("a:b", false)]
    [InlineData("a\":b", true)]
    [InlineData("\"x\"", false)]
    public void An_alias_that_could_not_be_read_again_is_not_written(string alias, bool quoted) =>
        Assert.Equal(Errno.EINVAL, new GroupTag(alias, quoted, [0], "").Build().Error.Errno);

    [Fact]
    public void Whatever_can_be_written_is_read_as_it_was()
    {
        var letters = Gen.Elements('a', '0', ' ', '\t', '\\', '"', ':', '#', '-', ',', '\u00A0', '\u00E4', '=').ListOf().Select(all => new string([.. all]));
        var tags = from alias in letters
                   from quoted in Gen.Elements(true, false)
                   from members in Members
                   from user in letters
                   select new GroupTag(alias, quoted, members, user == "-" ? "" : user);
        Prop.ForAll(Arb.From(tags), tag =>
        {
            var text = tag.Build();
            Assert.True(text.Ok ? tag == GroupTag.Parse(tag.Members[0], text.Value).Value : tag.Alias.IndexOfAny([':', '"']) >= 0, $"{tag}");
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Ten_thousand_regions_in_a_row_are_a_short_text() =>
        Assert.Equal("DMS_GROUP=a:0-9999#-", new GroupTag("a", false, Enumerable.Range(0, 10_000).Select(id => (ulong)id).ToImmutableSortedSet(), "").Build().Value);
}
