using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>The package and the service's files: as Debian wants them, and on a real kernel with systemd as process 1.</summary>
[Collection("lab")]
public sealed class PackageTests(GuestLab lab)
{
    private const long DiskBytes = 48 << 20;

    /// <summary>Errors and warnings of lintian's; what is overridden has its reason in deploy/package.d/lintian-overrides.</summary>
    [Fact]
    public void The_package_is_as_debian_policy_wants_it() =>
        GuestLab.RunProgram("lintian", "--allow-root", "--fail-on", "error,warning", Package(lab.Folder("lintian")));

    /// <summary>Installation, upgrade and removal with arrays mounted and written, mdadm --create, a reboot.</summary>
    [SoakFact]
    public void The_package_is_installed_upgraded_rebooted_with_and_removed_while_arrays_are_mounted_and_written()
    {
        var folder = lab.Folder("package");
        Passes(new LabOrder("actorraid", "package", 600, [])
        {
            Disks = GuestLab.MakeDisks(folder, 4, DiskBytes), Shared = Packages(folder, "first.deb", "second.deb"),
        });
    }

    /// <summary>With what the package's scripts do where systemd is not process 1.</summary>
    [SoakFact]
    public void Without_systemd_the_package_is_installed_upgraded_and_removed_while_a_volume_is_written()
    {
        var output = lab.Folder("plain");
        foreach (var package in Directory.GetFiles(Packages(output, "first.deb", "second.deb")))
        {
            File.Move(package, Path.Combine(output, Path.GetFileName(package)));
        }

        Passes(new LabOrder("mdmon", "package-plain", 400, []) { Output = output });
    }

    /// <summary>The second process, under systemd.</summary>
    [SoakFact]
    public void The_gateway_is_off_until_it_is_enabled_runs_without_any_right_and_stays_enabled_over_an_upgrade()
    {
        var folder = lab.Folder("gateway");
        Passes(new LabOrder("actorraid", "gateway-service", 400, [])
        {
            Disks = GuestLab.MakeDisks(folder, 4, DiskBytes), Shared = Packages(folder, "first.deb", "second.deb"),
        });
    }

    /// <summary>Without the repair this root file system is not found: mdadm does not know the torn disk, and starts no half of a mirror.</summary>
    [SoakTheory]
    [InlineData("initramfs-tools")]
    [InlineData("dracut")]
    public void A_root_file_system_on_a_volume_with_a_torn_disk_is_repaired_by_the_initramfs_booted_and_clean_after_the_shutdown(string maker)
    {
        var folder = lab.Folder("root");
        var shared = Packages(folder, "first.deb");
        List<string> wanted = GuestLab.Mdadm is { } suite ? ["-s", suite] : [];
        if (maker == "dracut")
        {
            wanted.Add("dracut-core");
        }

        var image = GuestLab.RunProgram(Path.Combine(lab.Root, "deploy/lab/tree"), [.. wanted]).Trim();
        string[] disks = [Path.Combine(folder, "ubda"), Path.Combine(folder, "ubdb")];
        foreach (var disk in disks)
        {
            GuestLab.RunProgram("cp", "--sparse=always", image, disk);
            using var file = File.OpenWrite(disk);
            file.SetLength(1600L << 20);
        }

        var made = Passes(new LabOrder("actorraid", "root-make", 600, [$"MAKER={maker}"]) { Disks = disks, Shared = shared });
        Tear(disks[1]);
        var booted = Passes(new LabOrder("actorraid", "root", 600, [$"MAKER={maker}"])
        {
            Disks = disks, Shared = shared, Initramfs = Path.Combine(made.Output, "initramfs"), Root = "LABEL=imsmroot",
        });
        // initramfs-tools leaves it to the console, dracut to the journal.
        Assert.Contains("actorraid: /dev/ubdb: rewritten", booted.Read("kernel.log") + booted.Read("journal.1.log"), StringComparison.Ordinal);
        if (maker == "dracut")
        {
            // The first boot's shutdown went back into the initramfs, whose supervisor took over, so that the root's array itself could be stopped.
            Assert.Contains("Unmounted /oldroot", booted.Read("kernel.log"), StringComparison.Ordinal);
        }
    }

    /// <summary>Overwrites the metadata's second sector: it lies before the anchor, which is the last but one of the disk.</summary>
    private static void Tear(string disk)
    {
        using var file = File.OpenWrite(disk);
        file.Position = file.Length - (3 * 512);
        file.Write(Enumerable.Repeat((byte)0x5a, 512).ToArray());
    }

    /// <summary>A directory with packages of these names, each newer than the one before.</summary>
    private string Packages(string folder, params string[] names)
    {
        var shared = Directory.CreateDirectory(Path.Combine(folder, "packages")).FullName;
        for (var i = 0; i < names.Length; i++)
        {
            File.Move(Package(folder, "--version", $"0.0.{i + 1}", "--fast"), Path.Combine(shared, names[i]));
        }

        return shared;
    }

    private LabRun Passes(LabOrder order)
    {
        var run = lab.Run(order);
        if (run.Status != 0)
        {
            lab.Fail("the package", run, order.Script);
        }

        return run;
    }

    /// <summary>Makes a package of the published program; gives its path.</summary>
    private string Package(string folder, params string[] options) =>
        GuestLab.RunProgram(Path.Combine(lab.Root, "deploy/package"), [.. options, folder, lab.Published]).Trim();
}
