using System.Globalization;
using ActorRaid.Actors.FileMaps;

namespace ActorRaid.Host.FileMaps;

/// <summary>dmfilemapd's command line: DESCRIPTOR GROUP PATH MODE [FOREGROUND [VERBOSE]].</summary>
/// <param name="Descriptor">The number of an open descriptor of the file, which was inherited.</param>
/// <param name="Group">The statistics group's number.</param>
/// <param name="Path">The file's path, absolute.</param>
/// <param name="Mode">What is followed.</param>
/// <param name="Foreground">Stay this process; otherwise another one is started, and this one ends.</param>
/// <param name="Verbose">0: no output; 1 to 3: more and more on the standard streams.</param>
internal sealed record FileMapOptions(int Descriptor, ulong Group, string Path, FollowMode Mode, bool Foreground, int Verbose)
{
    /// <summary>The name that the program is called by, and the command's.</summary>
    internal const string Name = "dmfilemapd";

    internal const string Usage = "usage: dmfilemapd DESCRIPTOR GROUP ABSOLUTE-PATH inode|path [FOREGROUND [VERBOSE]]";

    private const int FewestArguments = 4, MostArguments = 6, MostVerbose = 3;

    /// <summary>The arguments of a process that does the same in the foreground.</summary>
    internal IReadOnlyList<string> InForeground =>
        [Number(Descriptor), Number(Group), Path, Mode == FollowMode.Inode ? "inode" : "path", "1", Number(Verbose)];

    /// <summary>Parses the arguments; null with the reason in words when they are wrong.</summary>
    internal static FileMapOptions? Parse(IReadOnlyList<string> arguments, out string reason)
    {
        reason = "";
        if (arguments.Count is < FewestArguments or > MostArguments)
            reason = $"{arguments.Count} arguments: {FewestArguments} to {MostArguments} are needed";
        else if (!Parse(arguments[0], int.MaxValue, out var descriptor))
            reason = $"\"{arguments[0]}\" is no number of a descriptor";
        else if (!Parse(arguments[1], int.MaxValue, out var group))
            reason = $"\"{arguments[1]}\" is no number of a group";
        else if (!arguments[2].StartsWith('/'))
            reason = $"\"{arguments[2]}\" is no absolute path";
        else if (Followed(arguments[3]) is not { } mode)
            reason = $"\"{arguments[3]}\": the mode is inode or path";
        else if (!Parse(arguments.ElementAtOrDefault(4) ?? "0", int.MaxValue, out var foreground))
            reason = $"\"{arguments[4]}\": whether to stay in the foreground is 0 or 1";
        else if (!Parse(arguments.ElementAtOrDefault(5) ?? "0", MostVerbose, out var verbose))
            reason = $"\"{arguments[5]}\": how much is told is 0 to {MostVerbose}";
        else
            return new FileMapOptions((int)descriptor, group, arguments[2], mode, foreground != 0, (int)verbose);
        return null;
    }

    private static FollowMode? Followed(string mode) => mode switch
    {
        "inode" => FollowMode.Inode,
        "path" => FollowMode.Path,
        _ => null,
    };

    private static bool Parse(string text, int most, out ulong number) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= (ulong)most;

    private static string Number(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
