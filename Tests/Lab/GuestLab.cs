using System.Diagnostics;
using System.Text;
using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>What one run of a guest script left behind.</summary>
/// <param name="Status">deploy/lab/lab's exit status: the script's own, or 122 to 126 as it documents.</param>
/// <param name="Output">The directory that the guest saw as /out.</param>
/// <param name="Attempts">How many times the guest had to be started until it came up.</param>
public sealed record LabRun(int Status, string Output, int Attempts)
{
    /// <summary>A file that the run left, or the empty string.</summary>
    public string Read(string name)
    {
        var path = Path.Combine(Output, name);
        return File.Exists(path) ? File.ReadAllText(path) : "";
    }

    /// <summary>Everything that somebody needs who has to find out why the run did not end as it should.</summary>
    public string Explain(string name)
    {
        var reason = Status switch
        {
            122 => "the power was cut, as asked",
            123 => "the guest died in the middle of the script",
            124 => "the time was up in the middle of the script",
            125 => $"the guest never came as far as the script ({Attempts} attempts)",
            126 => "the lab cannot run here: " + Read("lab.err").Trim(),
            _ => Read("failure") is { Length: > 0 } failure ? failure.Trim() : "the script ended with that status",
        };
        var text = new StringBuilder();
        text.AppendLine($"{name}: status {Status}: {reason}");
        text.AppendLine($"(all of it: {Output})");
        Tail(text, "console.log", 120);
        Tail(text, "actorraid.log", 40);
        if (Status is 123 or 124 or 125)
        {
            Tail(text, "kernel.log", 40);
        }

        // Once more where whoever sees only the end looks.
        text.AppendLine($"{name}: status {Status}: {reason}");
        return text.ToString();
    }

    private void Tail(StringBuilder text, string name, int lines)
    {
        var all = Read(name).Split('\n');
        text.AppendLine($"---- {name}{(all.Length > lines ? $" (the last {lines} lines)" : "")}");
        foreach (var line in all.TakeLast(lines))
        {
            text.AppendLine(line);
        }
    }
}

/// <summary>
/// Runs guest scripts by deploy/lab/lab. The published program is that of ACTORRAID_PUBLISHED, or is published once, when it is
/// first needed. Only a guest that did not come up is started again; a failed expectation is final.
/// </summary>
public sealed class GuestLab : IDisposable
{
    private const int NeverCameUp = 125;
    private readonly Lazy<string> _published;
    private readonly string _work;
    private readonly Dictionary<string, LabRun> _once = [];

    /// <summary>Finds the repository and makes a directory for the runs: below ACTORRAID_LAB_OUT if that is set, else a temporary one.</summary>
    public GuestLab()
    {
        Root = FindRoot();
        var wanted = Environment.GetEnvironmentVariable("ACTORRAID_LAB_OUT");
        Keep = !string.IsNullOrEmpty(wanted);
        _work = Keep ? Directory.CreateDirectory(wanted!).FullName : Directory.CreateTempSubdirectory("actorraid-lab-").FullName;
        _published = new Lazy<string>(Publish);
    }

    /// <summary>The repository's top directory.</summary>
    public string Root { get; }

    /// <summary>Whether long runs were asked for (ACTORRAID_SOAK=1).</summary>
    public static bool Soak => Environment.GetEnvironmentVariable("ACTORRAID_SOAK") == "1";

    /// <summary>
    /// The other Debian suites whose kernels and mdadm are tried, the newest last: those of ACTORRAID_SUITES, which
    /// deploy/test has got, or all that are to be tried.
    /// </summary>
    public static IReadOnlyList<string> Suites { get; } =
        Environment.GetEnvironmentVariable("ACTORRAID_SUITES")?.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        ?? File.ReadAllLines(Path.Combine(FindRoot(), "deploy/lab/suites"));

    /// <summary>The suite whose kernel all scenarios run on (ACTORRAID_KERNEL); null: this machine's.</summary>
    public static string? Kernel => Given("ACTORRAID_KERNEL");

    /// <summary>The suite whose mdadm they use (ACTORRAID_MDADM); null: this machine's.</summary>
    public static string? Mdadm => Given("ACTORRAID_MDADM");

    /// <summary>The seed of a run's random choices: SEED if set, else another one each time; every script prints it.</summary>
    public static int Seed =>
        int.TryParse(Environment.GetEnvironmentVariable("SEED"), out var seed) ? seed : Random.Shared.Next(1, 1_000_000);

    /// <summary>Where the published program is.</summary>
    public string Published => _published.Value;

    /// <summary>Whether the runs' output stays after the tests even if all is well.</summary>
    private bool Keep { get; set; }

    /// <summary>Runs a scenario under ActorRaid; the test fails, with the guest's own words, if the script does.</summary>
    public LabRun Passes(string script, int seconds, params string[] variables) => Passes("actorraid", script, seconds, variables);

    /// <summary>
    /// The same under the supervisor named: actorraid, or mdmon of the distribution. The latter is only there to be compared with, and
    /// now and then leaves a volume write-pending for ever after a short resync (md becomes so at its end without notifying anybody, and
    /// mdmon reads array_state before the sync_action whose notification would have been the next): it has three tries.
    /// </summary>
    public LabRun Passes(string supervisor, string script, int seconds, params string[] variables)
    {
        var run = Run(new LabOrder(supervisor, script, seconds, variables));
        for (var attempt = 2; supervisor == "mdmon" && run.Status != 0 && attempt <= 3; attempt++)
        {
            run = Run(new LabOrder(supervisor, script, seconds, variables));
        }

        if (run.Status != 0)
        {
            Keep = true;
            Assert.Fail(run.Explain(new LabOrder(supervisor, script, seconds, variables).Name));
        }

        return run;
    }

    /// <summary>The same, but a run that other tests have asked for before is not run again.</summary>
    public LabRun PassesOnce(string supervisor, string script, int seconds, params string[] variables)
    {
        var name = new LabOrder(supervisor, script, seconds, variables).Name;
        if (!_once.TryGetValue(name, out var run))
        {
            _once[name] = run = Passes(supervisor, script, seconds, variables);
        }

        return run;
    }

    /// <summary>Runs a script and says how it ended.</summary>
    public LabRun Run(LabOrder order)
    {
        var output = order.Output ?? Path.Combine(_work, order.Name);
        for (var attempt = 1; ; attempt++)
        {
            if (order.Output is null && Directory.Exists(output))
            {
                Directory.Delete(output, true);
            }

            Directory.CreateDirectory(output);
            var status = Start(order, output);
            if (status != NeverCameUp || attempt == 2)
            {
                return new LabRun(status, output, attempt);
            }
        }
    }

    /// <summary>An empty directory for a test that needs one beside its runs' (disks that outlive a guest).</summary>
    public string Folder(string name)
    {
        var folder = Path.Combine(_work, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, true);
        }

        return Directory.CreateDirectory(folder).FullName;
    }

    /// <summary>Files of zeros for a guest's disks, named as the guest names them: ubda, ubdb, ...; in QEMU vda, vdb, ...</summary>
    public static IReadOnlyList<string> MakeDisks(string folder, int count, long bytes)
    {
        string[] disks = [.. Enumerable.Range(0, count).Select(number => Path.Combine(folder, $"ubd{(char)('a' + number)}"))];
        foreach (var disk in disks)
        {
            using var file = File.Create(disk);
            file.SetLength(bytes);
        }

        return disks;
    }

    /// <summary>Fails the test with a run's story, and keeps what it left.</summary>
    public void Fail(string message, LabRun run, string name)
    {
        Keep = true;
        Assert.Fail(message + "\n" + run.Explain(name));
    }

    /// <summary>Runs a program of this machine to its end; gives its standard output. Throws, with all that it said, if it fails.</summary>
    public static string RunProgram(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}\n{output}\n{errors.Result}");
    }

    /// <summary>Removes what the runs left, unless one failed or it was asked for by ACTORRAID_LAB_OUT.</summary>
    public void Dispose()
    {
        if (!Keep)
        {
            Directory.Delete(_work, true);
        }
    }

    /// <summary>The repository's top directory, from where the tests lie.</summary>
    internal static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "ActorRaid.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"no ActorRaid.sln above {AppContext.BaseDirectory}");
    }

    private static string? Given(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } suite ? suite : null;

    private int Start(LabOrder order, string output)
    {
        var start = new ProcessStartInfo(Path.Combine(Root, "deploy/lab/lab")) { RedirectStandardError = true };
        if (order.Kernel is { } kernel)
        {
            start.ArgumentList.Add("-k");
            start.ArgumentList.Add(kernel);
        }

        if (order.TwoProcessors)
        {
            start.ArgumentList.Add("-q");
        }

        if (order.Initramfs is not null)
        {
            start.ArgumentList.Add("-i");
            start.ArgumentList.Add(order.Initramfs);
            start.ArgumentList.Add("-r");
            start.ArgumentList.Add(order.Root);
        }
        else if (order.Shared is not null)
        {
            start.ArgumentList.Add("-s");
        }

        foreach (var disk in order.Disks)
        {
            start.ArgumentList.Add("-d");
            start.ArgumentList.Add(disk);
        }

        if (order.CutAfter is { } cut)
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(((int)cut.TotalMilliseconds).ToString());
        }

        start.ArgumentList.Add(output);
        start.ArgumentList.Add(Path.Combine(Root, "Tests/Lab/Scenarios", order.Script + ".sh"));
        start.ArgumentList.Add(order.Seconds.ToString());
        start.ArgumentList.Add("SUPERVISOR=" + order.Supervisor);
        if (order.Supervisor == "actorraid")
        {
            start.ArgumentList.Add("ACTORRAID_PUBLISHED=" + (order.Shared ?? Published));
        }

        if (order.Mdadm is { } mdadm)
        {
            start.ArgumentList.Add("MDADM=" + mdadm);
        }

        if (!order.Variables.Any(v => v.StartsWith("SEED=", StringComparison.Ordinal)))
        {
            start.ArgumentList.Add("SEED=" + Seed);
        }

        foreach (var variable in order.Variables)
        {
            start.ArgumentList.Add(variable);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("deploy/lab/lab did not start");
        File.WriteAllText(Path.Combine(output, "lab.err"), process.StandardError.ReadToEnd());
        process.WaitForExit();
        return process.ExitCode;
    }

    private string Publish()
    {
        if (Environment.GetEnvironmentVariable("ACTORRAID_PUBLISHED") is { Length: > 0 } given)
        {
            return given;
        }

        var published = Path.Combine(_work, "published");
        RunProgram(Path.Combine(Root, "deploy/publish"), published);
        return published;
    }
}

/// <summary>A test that an ordinary run leaves out, and says so.</summary>
public sealed class SoakFactAttribute : FactAttribute
{
    /// <summary>Skipped unless ACTORRAID_SOAK=1.</summary>
    public SoakFactAttribute() => Skip = GuestLab.Soak ? null : "ACTORRAID_SOAK=1 runs it";
}

/// <summary>The same for a table of rows.</summary>
public sealed class SoakTheoryAttribute : TheoryAttribute
{
    /// <summary>Skipped unless ACTORRAID_SOAK=1.</summary>
    public SoakTheoryAttribute() => Skip = new SoakFactAttribute().Skip;
}

/// <summary>What to run in a guest.</summary>
/// <param name="Supervisor">actorraid or mdmon.</param>
/// <param name="Script">The scenario's name: Tests/Lab/Scenarios/NAME.sh.</param>
/// <param name="Seconds">After so many seconds the guest is killed; generous, as machines are busy.</param>
/// <param name="Variables">VARIABLE=VALUE for the script.</param>
public sealed record LabOrder(string Supervisor, string Script, int Seconds, IReadOnlyList<string> Variables)
{
    /// <summary>The Debian suite that the kernel is from; null: this machine's.</summary>
    public string? Kernel { get; init; } = GuestLab.Kernel;

    /// <summary>The Debian suite that mdadm is from; null: this machine's.</summary>
    public string? Mdadm { get; init; } = GuestLab.Mdadm;

    /// <summary>Files that are the guest's disks /dev/ubda, /dev/ubdb, ... and survive it.</summary>
    public IReadOnlyList<string> Disks { get; init; } = [];

    /// <summary>In QEMU, which has two processors and is much slower (lab -q).</summary>
    public bool TwoProcessors { get; init; }

    /// <summary>Cuts the power so long after the script has made /out/cut.</summary>
    public TimeSpan? CutAfter { get; init; }

    /// <summary>With systemd as process 1, in a Debian of its own (lab -s); this directory is /lab/published there.</summary>
    public string? Shared { get; init; }

    /// <summary>The same, but booted by this initramfs, which finds <see cref="Root"/> by itself (lab -i).</summary>
    public string? Initramfs { get; init; }

    /// <summary>The root file system that <see cref="Initramfs"/> is to find: the kernel's root= .</summary>
    public string Root { get; init; } = "";

    /// <summary>The output directory, if it shall not be one of its own (it is not emptied then).</summary>
    public string? Output { get; init; }

    private string?[] Where => [Script, Supervisor, TwoProcessors ? "qemu" : null, Kernel, Mdadm];

    /// <summary>What tells this run from others.</summary>
    public string Name => string.Join('-', Where.OfType<string>().Concat(
        from variable in Variables
        where !variable.StartsWith("SEED=", StringComparison.Ordinal)
        select variable.Replace('=', '-').Replace('/', '-')));
}

/// <summary>All lab tests are of one collection: one guest at a time, and nothing else beside it, so that times mean something.</summary>
[CollectionDefinition("lab", DisableParallelization = true)]
public sealed class LabCollection : ICollectionFixture<GuestLab>;
