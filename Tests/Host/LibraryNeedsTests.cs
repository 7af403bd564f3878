using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.Lab;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>What the program wants of the C library is what the package says that it wants.</summary>
public sealed partial class LibraryNeedsTests
{
    private const string Control = "deploy/package.d/control";
    private const int Oldest = 2; // 2.2.5, the first one for amd64
    private static readonly string Root = GuestLab.FindRoot();

    /// <summary>The package's libc6 (>= 2.N).</summary>
    private static int Declared => Minor(Dependency().Match(File.ReadAllText(Path.Combine(Root, Control))));

    /// <summary>They are looked up when they are first called, so no ELF header has them.</summary>
    [Fact]
    public void Every_function_that_is_looked_up_in_the_c_library_is_in_the_version_that_the_package_depends_on()
    {
        var libc = NativeLibrary.Load("libc.so.6");
        Type[] someOfEach =
            [typeof(Processes), typeof(ActorRaid.Host.Launch.LaunchPaths), typeof(ActorRaid.Gateway.GatewayCommand)];
        var own = someOfEach.SelectMany(type => Functions(type.Assembly)).ToList();
        Assert.True(own.Count > 15, $"only {own.Count} functions were found");
        // Mono.Posix has functions of other systems too, which no version of this library has.
        var monos = Functions(typeof(Syscall).Assembly).Where(name => VersionOf(libc, name) != int.MaxValue).ToList();
        Assert.True(monos.Count > 60, $"only {monos.Count} functions of Mono's were found");
        string[] names = [.. own.Union(monos)];
        string[] newer = [.. names
            .Select(name => (Name: name, Version: VersionOf(libc, name)))
            .Where(one => one.Version > Declared)
            .Select(one => $"{one.Name}: glibc 2.{one.Version}")];
        Assert.True(newer.Length == 0, $"{Control} says libc6 (>= 2.{Declared}): {string.Join(", ", newer)}");
    }

    /// <summary>What the runtime in it wants, by its ELF header: the package's two programs, and what the first loads.</summary>
    [Fact]
    public void The_runtime_that_the_programs_are_published_with_needs_no_newer_one()
    {
        if (Environment.GetEnvironmentVariable("ACTORRAID_PUBLISHED") is not { Length: > 0 } published)
        {
            return; // deploy/test gives it, except with --no-lab.
        }

        foreach (var program in (string[])["actorraid", "libMonoPosixHelper.so", "gateway/actorraid-gateway"])
        {
            var text = Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(published, program)));
            var needed = Need().Matches(text).Max(Minor);
            Assert.True(needed <= Declared, $"{program}: glibc 2.{needed}; {Control} says libc6 (>= 2.{Declared})");
        }
    }

    /// <summary>Copied without what belongs to it, it says so, and does not come to grief in the middle.</summary>
    [Fact]
    public void The_program_alone_says_that_its_helper_is_missing()
    {
        if (Environment.GetEnvironmentVariable("ACTORRAID_PUBLISHED") is not { Length: > 0 } published)
        {
            return;
        }

        var alone = Directory.CreateTempSubdirectory("alone").FullName;
        try
        {
            File.Copy(Path.Combine(published, "actorraid"), Path.Combine(alone, "actorraid"));
            var start = new ProcessStartInfo(Path.Combine(alone, "actorraid"), ["status"]) { RedirectStandardError = true };
            using var process = Process.Start(start)!;
            Assert.Contains("libMonoPosixHelper.so", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
            process.WaitForExit();
            Assert.Equal(1, process.ExitCode);
        }
        finally
        {
            Directory.Delete(alone, recursive: true);
        }
    }

    private static IEnumerable<string> Functions(Assembly assembly) => assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
        .Select(method => method.GetCustomAttribute<DllImportAttribute>())
        .Where(import => import is { Value: "libc" or "c" })
        .Select(import => import!.EntryPoint!)
        .Distinct();

    private static int Minor(Match version) => int.Parse(version.Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>The first 2.N that has it; a name may have several versions.</summary>
    private static int VersionOf(nint libc, string name) => Enumerable.Range(Oldest, 100).FirstOrDefault(
        minor => SymbolOf(libc, name, minor == Oldest ? "GLIBC_2.2.5" : $"GLIBC_2.{minor}") != 0, int.MaxValue);

    [LibraryImport("libc", EntryPoint = "dlvsym", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint SymbolOf(nint library, string name, string version);

    [GeneratedRegex(@"libc6 \(>= 2\.([0-9]+)\)")]
    private static partial Regex Dependency();

    [GeneratedRegex(@"\0GLIBC_2\.([0-9]+)(?:\.[0-9]+)?(?=\0)")]
    private static partial Regex Need();
}
