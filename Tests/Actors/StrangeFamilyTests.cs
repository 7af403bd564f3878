using ActorRaid.Actors;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.ImsmRules;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>A disk of another family in the container when its supervision begins.</summary>
public sealed class StrangeFamilyTests
{
    [Fact]
    public void The_metadata_is_that_of_the_disks_that_the_arrays_run_on()
    {
        const string stranger = "sdd";
        using var rig = new DiskRig(Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3), without: stranger);
        rig.Overwrite(stranger, Of(number: 3));
        rig.Join(stranger);
        foreach (var disk in new[] { "sda", "sdb", "sdc", stranger })
        {
            rig.Sysfs.Put(DiskRig.Container, $"dev-{disk}/block/holders/{DiskRig.Container}", "");
            if (disk != stranger)
            {
                rig.Sysfs.Put(DiskRig.Container, $"dev-{disk}/block/holders/{DiskRig.Array}", "");
            }
        }

        Assert.Equal(SuperviseOutcome.Supervised, rig.Supervise().Outcome);
        Assert.Equal(stranger, rig.Told.Only("disk-foreign").Disk);
        rig.WriteGoesThrough();
        Assert.True(rig.CopyOn("sda")!.Generation > 7);
        Assert.Equal(7u, rig.CopyOn(stranger)!.Generation);
    }

    /// <summary>A container of that disk alone, with a volume.</summary>
    private static ImsmContainer Of(int number)
    {
        var disk = Build.Present(number, 0, ImsmDiskStatus.Configured);
        var container = Build.Container(disks: 1);
        var super = container.Super with { FamilyNumber = 99, OriginalFamilyNumber = 99, Disks = [disk.Disk] };
        return (container with { Super = super, Present = [disk] }).Volume(level: 0, disks: 1);
    }
}
