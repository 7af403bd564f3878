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

    /// <summary>Installation and removal with arrays mounted and written, mdadm --create, a reboot.</summary>
    [Fact]
    public void The_package_is_installed_rebooted_with_and_removed_while_arrays_are_mounted_and_written() =>
        Passes("package", 600);

    private void Passes(string script, int seconds)
    {
        var folder = lab.Folder(script);
        var shared = Directory.CreateDirectory(Path.Combine(folder, "packages")).FullName;
        File.Move(Package(folder, "--version", "0.0.1", "--fast"), Path.Combine(shared, "first.deb"));
        var run = lab.Run(new LabOrder("actorraid", script, seconds, [])
        {
            Disks = GuestLab.MakeDisks(folder, 4, DiskBytes),
            Shared = shared,
        });
        if (run.Status != 0)
        {
            lab.Fail("with systemd", run, script);
        }
    }

    /// <summary>Makes a package of the published program; gives its path.</summary>
    private string Package(string folder, params string[] options) =>
        GuestLab.RunProgram(Path.Combine(lab.Root, "deploy/package"), [.. options, folder, lab.Published]).Trim();
}
