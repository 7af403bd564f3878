using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>When a container is left: where it has no arrays, which is not so where one cannot be read.</summary>
public sealed class LeavingTests
{
    [Fact]
    public void A_container_whose_only_array_cannot_be_read_yet_is_not_left()
    {
        using var rig = new SupervisionRig();
        var attribute = rig.Sysfs.PathOf(SupervisionRig.Array, "sync_action");
        File.Delete(attribute);
        Directory.CreateDirectory(attribute);
        rig.Supervise();
        rig.Until(() => rig.Told.Has("not-read"), "the array cannot be read");
        // Whether to leave is looked at ten times a second.
        for (var look = 0; look < 12; look++)
        {
            rig.Pass(TimeSpan.FromMilliseconds(100));
            Patience.NotSoon(() => rig.Told.Has("container-left"), "the container is left");
        }

        Directory.Delete(attribute);
        File.WriteAllText(attribute, "idle\n");
        rig.Until(() => rig.Told.Has("array-supervised"), "the array can be read");
    }
}
