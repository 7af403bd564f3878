using ActorRaid.Host;
using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class ContainerTests : IDisposable
{
    private readonly TempDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("", "external:imsm", ContainerKind.Container)]
    [InlineData("\n", "external:ddf\n", ContainerKind.OtherFormat)]
    [InlineData("container\n", "external:imsm\n", ContainerKind.Container)]
    [InlineData("raid5\n", "external:/md127/0\n", ContainerKind.NotAContainer)]
    [InlineData("raid5\n", "external:-md127/0\n", ContainerKind.NotAContainer)]
    [InlineData("", "external:/md127/0\n", ContainerKind.NotAContainer)]
    [InlineData("", "external:-md127/0\n", ContainerKind.NotAContainer)]
    [InlineData("raid1\n", "1.2\n", ContainerKind.NotAContainer)]
    [InlineData("", "1.2\n", ContainerKind.NotExternal)]
    [InlineData("", "none\n", ContainerKind.NotExternal)]
    public void An_array_is_judged_by_level_and_metadata_version(string level, string version, object expected) =>
        Assert.Equal((ContainerKind)expected, ContainerCheck.Judge(level, version));

    [Fact]
    public void Containers_are_found_in_sysfs_in_order_and_nothing_else_is()
    {
        Array("md127", "", "external:imsm\n");
        Array("md125", "", "external:imsm\n");
        Array("md126", "raid5\n", "external:/md127/0\n");
        Array("md0", "raid1\n", "1.2\n");
        _root.Make("block/sda/queue/x", "");
        Assert.Equal(["md125", "md127"], MdmonCommand.Containers(_root.Path).Value);
        Assert.Empty(MdmonCommand.Containers(_root.Path + "/none").Value!);
    }

    [Fact]
    public void What_cannot_be_read_may_be_a_container_and_what_cannot_be_listed_is_no_empty_list()
    {
        Array("md127", "", "external:imsm\n");
        Directory.CreateDirectory($"{_root.Path}/block/md126/md/level");
        Assert.Equal(Errno.EISDIR, ContainerCheck.Look("md126", _root.Path).Error.Errno);
        Assert.Equal(["md126", "md127"], MdmonCommand.Containers(_root.Path).Value);
        Assert.Null(ContainerCheck.Look("md9", _root.Path).Value);
        _root.Make("elsewhere/block", "");
        Assert.False(MdmonCommand.Containers(_root.Path + "/elsewhere").Ok);
    }

    [Theory]
    [InlineData("md127", "md127")]
    [InlineData("initrd/md127", "md127")]
    [InlineData("md9", null)]
    [InlineData("sda", null)]
    [InlineData("", null)]
    [InlineData("initrd/", null)]
    [InlineData("..", null)]
    [InlineData("/dev/null", null)]
    [InlineData("/no/such/node", null)]
    public void Names_are_resolved_only_to_arrays_that_exist(string given, string? expected)
    {
        Array("md127", "", "external:imsm\n");
        _root.Make("block/sda/queue/x", "");
        Assert.Equal(expected, ContainerName.Resolve(given, _root.Path, _root.Path + "/dev"));
    }

    [Fact]
    public void A_node_is_resolved_by_its_device_number_whatever_it_is_called()
    {
        var node = Directory.EnumerateFiles("/dev", "*").FirstOrDefault(path => FileIdentity.Of(path) is { IsBlockDevice: true });
        if (node is null)
        {
            Assert.Null(ContainerName.Resolve("/dev/null", _root.Path));
            return;
        }
        var identity = FileIdentity.Of(node)!.Value;
        Array("md127", "", "external:imsm\n");
        Directory.CreateDirectory($"{_root.Path}/dev/block");
        Directory.CreateSymbolicLink(
            $"{_root.Path}/dev/block/{identity.NodeMajor}:{identity.NodeMinor}", "../../devices/virtual/block/md127");
        Directory.CreateDirectory($"{_root.Path}/nodes/md");
        File.CreateSymbolicLink($"{_root.Path}/nodes/md/imsm", node);
        Assert.Equal("md127", ContainerName.Resolve(node, _root.Path));
        Assert.Equal("md127", ContainerName.Resolve("imsm", _root.Path, $"{_root.Path}/nodes"));
        Assert.Equal("md127", ContainerName.Resolve("initrd/imsm", _root.Path, $"{_root.Path}/nodes"));
    }

    [Theory]
    [InlineData("Supervised", true, 0)]
    [InlineData("Supervised", false, 0)]
    [InlineData("AlreadySupervised", true, 0)]
    [InlineData("AlreadySupervised", false, 3)]
    [InlineData("Managed", false, 3)]
    [InlineData("NotAContainer", true, 3)]
    [InlineData("NotExternal", true, 3)]
    [InlineData("UnknownMetadata", true, 3)]
    [InlineData("Failed", true, 3)]
    public void Verdicts_become_the_exit_statuses_of_mdmon(string outcome, bool alreadyIsFine, int expected) =>
        Assert.Equal(expected, MdmonCommand.Verdict("md127", new LaunchReply(Enum.Parse<LaunchOutcome>(outcome), "why"), alreadyIsFine));

    private void Array(string name, string level, string version)
    {
        _root.Make($"block/{name}/md/level", level);
        _root.Make($"block/{name}/md/metadata_version", version);
    }
}
