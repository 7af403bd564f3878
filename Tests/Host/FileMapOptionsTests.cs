using ActorRaid.Actors.FileMaps;
using ActorRaid.Host.FileMaps;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>dmfilemapd's command line, as dmstats calls it and as its manual has it.</summary>
public sealed class FileMapOptionsTests
{
    [Fact]
    public void It_is_called_as_dmstats_does_and_as_the_manual_says()
    {
        Assert.Equal(
            new FileMapOptions(3, 0, "/mnt/fs/a", FollowMode.Inode, false, 0), FileMapOptions.Parse(["3", "0", "/mnt/fs/a", "inode", "0", "0"], out _));
        Assert.Equal(new FileMapOptions(3, 17, "/a b", FollowMode.Path, false, 0), FileMapOptions.Parse(["3", "17", "/a b", "path"], out _));
        Assert.Equal(new FileMapOptions(3, 0, "/a", FollowMode.Inode, true, 3), FileMapOptions.Parse(["3", "0", "/a", "inode", "1", "3"], out _));
    }

    [Fact]
    public void What_goes_on_in_the_background_is_the_same_in_the_foreground_there() =>
        Assert.Equal(
            ["3", "17", "/a b", "path", "1", "2"], new FileMapOptions(3, 17, "/a b", FollowMode.Path, false, 2).InForeground);

    [Theory]
    [InlineData("3 arguments: 4 to 6 are needed", "3", "0", "/a")]
    [InlineData("7 arguments: 4 to 6 are needed", "3", "0", "/a", "inode", "0", "0", "0")]
    [InlineData("\"-1\" is no number of a descriptor", "-1", "0", "/a", "inode")]
    [InlineData("\"x\" is no number of a group", "3", "x", "/a", "inode")]
    [InlineData("\"99999999999999999999\" is no number of a group", "3", "99999999999999999999", "/a", "inode")]
    [InlineData("\"a\" is no absolute path", "3", "0", "a", "inode")]
    [InlineData("\"both\": the mode is inode or path", "3", "0", "/a", "both")]
    [InlineData("\"y\": whether to stay in the foreground is 0 or 1", "3", "0", "/a", "inode", "y")]
    [InlineData("\"4\": how much is told is 0 to 3", "3", "0", "/a", "inode", "0", "4")]
    public void What_is_wrong_is_told(string reason, params string[] arguments)
    {
        Assert.Null(FileMapOptions.Parse(arguments, out var told));
        Assert.Equal(reason, told);
    }

    [Fact]
    public void The_program_is_dmfilemapd_when_called_so_or_by_its_command()
    {
        Assert.Equal(["3"], FileMapCommand.Asked("/usr/sbin/dmfilemapd", ["3"])!);
        Assert.Equal(["3"], FileMapCommand.Asked("actorraid", ["dmfilemapd", "3"])!);
        Assert.Null(FileMapCommand.Asked("mdmon", ["md127"]));
        var link = Directory.CreateTempSubdirectory().FullName + "/dmfilemapd";
        File.CreateSymbolicLink(link, Executable.Path);
        var (status, output, errors) = Executable.Run(link, ["3", "0", "a", "inode"]);
        Assert.Equal((1, ""), (status, output));
        Assert.StartsWith("dmfilemapd: \"a\" is no absolute path\nusage: dmfilemapd ", errors, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(link)!, recursive: true);
    }
}
