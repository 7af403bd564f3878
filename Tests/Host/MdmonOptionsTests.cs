using ActorRaid.Host;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class MdmonOptionsTests
{
    public static TheoryData<string, string?, bool, bool, bool, bool> Understood => new()
    {
        { "md127", "md127", false, false, false, false },
        { "/dev/md/imsm", "/dev/md/imsm", false, false, false, false },
        { "--foreground --offroot --takeover md127", "md127", false, true, true, true },
        { "md127 -t", "md127", false, true, false, false },
        { "-tF md127", "md127", false, true, true, false },
        { "-Ft -- md127", "md127", false, true, true, false },
        { "--take md127", "md127", false, true, false, false },
        { "--o md127", "md127", false, false, false, true },
        { "--all", null, true, false, false, false },
        { "-a", null, true, false, false, false },
        { "--all-active-arrays --takeover", null, true, true, false, false },
        { "--all=xyz", null, true, false, false, false },
        { "-at", null, true, true, false, false },
        { "--al", null, true, false, false, false },
        { "/proc/mdstat", null, true, false, false, false },
        { "/proc/mdstat -t", null, true, true, false, false },
        { "-- -odd", "-odd", false, false, false, false },
    };

    [Theory]
    [MemberData(nameof(Understood))]
    public void Command_lines_of_mdmon_are_understood(
        string line, string? container, bool all, bool takeover, bool foreground, bool offRoot)
    {
        var options = MdmonOptions.Parse(line.Split(' '));
        Assert.Equal(new MdmonOptions(container, all, takeover, foreground, offRoot), options);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-t")]
    [InlineData("--help")]
    [InlineData("-h md127")]
    [InlineData("-th md127")]
    [InlineData("--he md127")]
    [InlineData("--unknown md127")]
    [InlineData("-x md127")]
    [InlineData("md127 md126")]
    [InlineData("--takeoverx md127")]
    public void Everything_else_gets_the_usage(string line) =>
        Assert.Null(MdmonOptions.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("mdmon", true, false)]
    [InlineData("/sbin/mdmon", true, false)]
    [InlineData("@dmon", true, true)]
    [InlineData("@sbin/mdmon", true, true)]
    [InlineData("actorraid", false, false)]
    [InlineData("/usr/bin/actorraid", false, false)]
    [InlineData("mdmonitor", false, false)]
    [InlineData("", false, false)]
    public void The_name_that_we_are_called_by_says_who_we_are(string name, bool isMdmon, bool isOffRoot)
    {
        Assert.Equal(isMdmon, Invocation.IsMdmon(name));
        Assert.Equal(isOffRoot, Invocation.IsOffRoot(name));
    }

    [Fact]
    public void Names_of_this_process_and_of_its_parent_can_be_read()
    {
        Assert.NotEmpty(Invocation.Name());
        Assert.NotEmpty(Invocation.ParentName());
    }
}
