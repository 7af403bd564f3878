using System.Text;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Launch;

/// <summary>What a launcher may ask of the daemon. One line of UTF-8, one request for each connection.</summary>
/// <param name="Container">The container to supervise (<c>supervise md127</c>, <c>takeover md127</c>); null: what <see cref="Word"/> says.</param>
/// <param name="Takeover">Whether somebody else who monitors it is to be replaced.</param>
internal sealed record LaunchRequest(string? Container, bool Takeover)
{
    /// <summary>The longest line that is accepted, in bytes, its end included.</summary>
    internal const int Limit = 256;

    /// <summary>The daemon is to stay even when it has nothing to supervise.</summary>
    internal static readonly LaunchRequest Stay = Plain("stay");

    /// <summary>The daemon is to read its configuration again.</summary>
    internal static readonly LaunchRequest Reload = Plain("reload");

    /// <summary>The daemon is to be spared at shutdown, as <see cref="Invocation.Spare"/> does it.</summary>
    internal static readonly LaunchRequest Spare = Plain("spare");

    /// <summary>What configuration is in force? Answered with <see cref="LaunchOutcome.Done"/> and the report.</summary>
    internal static readonly LaunchRequest Config = Plain("config");

    private static readonly LaunchRequest[] PlainOnes = [Stay, Reload, Spare, Config];

    /// <summary>A request that concerns no container.</summary>
    internal string? Word { get; private init; }

    /// <summary>The line, with its end.</summary>
    internal byte[] Encode() =>
        Encoding.UTF8.GetBytes(Container is null ? $"{Word}\n" : $"{(Takeover ? "takeover" : "supervise")} {Container}\n");

    /// <summary>A line without its end; null when it is not a request.</summary>
    internal static LaunchRequest? Decode(string line)
    {
        if (PlainOnes.FirstOrDefault(plain => plain.Word == line) is { } request)
            return request;
        var space = line.IndexOf(' ');
        if (space < 0 || !IsName(line.AsSpan(space + 1)))
            return null;
        return line[..space] switch
        {
            "supervise" => new LaunchRequest(line[(space + 1)..], false),
            "takeover" => new LaunchRequest(line[(space + 1)..], true),
            _ => null,
        };
    }

    private static LaunchRequest Plain(string word) => new(null, false) { Word = word };

    /// <summary>Whether it can be the kernel's name of an array: it becomes part of paths.</summary>
    internal static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > 32 || name[0] is '.' or '-')
            return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.'))
                return false;
        }
        return true;
    }
}

/// <summary>How a request ended.</summary>
internal enum LaunchOutcome
{
    /// <summary>Supervised from now on; for <c>stay</c>: agreed.</summary>
    Supervised,

    /// <summary>We supervised it already.</summary>
    AlreadySupervised,

    /// <summary>No container.</summary>
    NotAContainer,

    /// <summary>No external metadata.</summary>
    NotExternal,

    /// <summary>A format that we do not know.</summary>
    UnknownMetadata,

    /// <summary>Somebody else, such as mdmon, monitors it.</summary>
    Managed,

    /// <summary>What was asked for, and is about no container, is done; or here is the answer.</summary>
    Done,

    /// <summary>It could not be done, for the reason in the message.</summary>
    Failed,
}

/// <summary>The daemon's answer: one line, the outcome's name, a space, the message.</summary>
internal sealed record LaunchReply(LaunchOutcome Outcome, string Message)
{
    /// <summary>The longest answer, in bytes; longer messages are cut.</summary>
    internal const int Limit = 16 * 1024;

    /// <summary>The line, with its end. Line ends in the message become spaces.</summary>
    internal byte[] Encode()
    {
        var line = Printable.Of($"{Outcome} {Message}".ReplaceLineEndings(" "));
        var bytes = Encoding.UTF8.GetBytes(line.Length > Limit / 4 ? line[..(Limit / 4)] : line);
        return [.. bytes, (byte)'\n'];
    }

    /// <summary>A line without its end; null when it is not an answer.</summary>
    internal static LaunchReply? Decode(string line)
    {
        var space = line.IndexOf(' ');
        if (space <= 0 || !char.IsAsciiLetter(line[0]) || !Enum.TryParse<LaunchOutcome>(line.AsSpan(0, space), out var outcome))
            return null;
        return new LaunchReply(outcome, line[(space + 1)..]);
    }
}
