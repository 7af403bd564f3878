using System.Text;

namespace ActorRaid.Host.Launch;

/// <summary>What a launcher may ask of the daemon. One line of UTF-8, one request for each connection.</summary>
/// <param name="Container">The container to supervise (<c>supervise md127</c>, <c>takeover md127</c>); null: <c>stay</c>.</param>
/// <param name="Takeover">Whether somebody else who monitors it is to be replaced.</param>
internal sealed record LaunchRequest(string? Container, bool Takeover)
{
    /// <summary>The longest line that is accepted, in bytes, its end included.</summary>
    internal const int Limit = 256;

    /// <summary>The daemon is to stay even when it has nothing to supervise.</summary>
    internal static readonly LaunchRequest Stay = new(null, false);

    /// <summary>The line, with its end.</summary>
    internal byte[] Encode() =>
        Encoding.UTF8.GetBytes(Container is null ? "stay\n" : $"{(Takeover ? "takeover" : "supervise")} {Container}\n");

    /// <summary>A line without its end; null when it is not a request.</summary>
    internal static LaunchRequest? Decode(string line)
    {
        if (line == "stay")
            return Stay;
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

    /// <summary>It could not be done, for the reason in the message.</summary>
    Failed,
}

/// <summary>The daemon's answer: one line, the outcome's name, a space, the message.</summary>
internal sealed record LaunchReply(LaunchOutcome Outcome, string Message)
{
    /// <summary>The longest answer, in bytes; longer messages are cut.</summary>
    internal const int Limit = 1024;

    /// <summary>The line, with its end. Line ends in the message become spaces.</summary>
    internal byte[] Encode()
    {
        var line = $"{Outcome} {Message}".Replace('\n', ' ').Replace('\r', ' ');
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
