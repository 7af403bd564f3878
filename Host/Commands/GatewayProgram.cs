using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Commands;

/// <summary>
/// The second program, gateway/actorraid-gateway beside this one: everything that needs a network. This one has nothing of it, as its memory is locked.
/// </summary>
internal static class GatewayProgram
{
    /// <summary>The commands that it has, and what they do.</summary>
    internal static ImmutableArray<(string Name, string Description)> Descriptions { get; } =
    [
        ("gateway", "Tell people and programs on the network how this host's arrays are: a page, JSON, metrics"),
        ("cluster", "Show how the hosts of a cluster are, and what happens on them, out of etcd"),
    ];

    /// <summary>Their names.</summary>
    internal static IEnumerable<string> Commands => Descriptions.Select(command => command.Name);

    /// <summary>Becomes that program, with the same arguments. Comes back, with exit status 1, only if that cannot be done.</summary>
    internal static unsafe int Become(string[] arguments, TextWriter errors)
    {
        var path = Path.Combine(Path.GetDirectoryName(Self())!, "gateway", "actorraid-gateway");
        var argumentBlock = Block([path, .. arguments]);
        var environment = Block([.. Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}")]);
        var file = Marshal.StringToCoTaskMemUTF8(path);
        fixed (byte** argumentPointers = argumentBlock, environmentPointers = environment)
            Native.Execute((byte*)file, argumentPointers, environmentPointers);
        errors.WriteLine($"actorraid: {path} cannot be started: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        return 1;
    }

    private static string Self() => File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: true)!.FullName;

    // As execve wants it: pointers to strings, a null at the end. Nothing is freed: this process is about to be another one.
    private static unsafe byte*[] Block(string[] texts)
    {
        var block = new byte*[texts.Length + 1];
        for (var i = 0; i < texts.Length; i++)
            block[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        return block;
    }
}
