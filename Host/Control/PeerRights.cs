using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Control;

/// <summary>What a client of the control socket may do.</summary>
internal enum Rights
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ask.</summary>
    Read,

    /// <summary>Everything.</summary>
    All,
}

/// <summary>Who may do what, by what the kernel says of the process that connected.</summary>
internal static class PeerRights
{
    /// <summary>The group whose members may ask.</summary>
    internal const string Group = "actorraid";

    private const int MostGroups = 1024;
    private const int SocketLevel = 1, PeerGroups = 59; // SO_PEERGROUPS: Mono lacks it.

    /// <summary>The group's number, by the local /etc/group; null: there is no such group.</summary>
    internal static uint? GroupNumber(string path = "/etc/group")
    {
        // Not by Mono: its getgrnam could ask a directory service, and wait for a network, and its fgetgrent ends the process
        // (a segmentation fault) at a line that has only a name, as NIS has its "+".
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                var fields = line.Split(':');
                if (fields.Length >= 3 && fields[0] == Group && uint.TryParse(fields[2], CultureInfo.InvariantCulture, out var number))
                    return number;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As good as none.
        }
        return null;
    }

    /// <summary>What whoever is at the other end may do (SO_PEERCRED and SO_PEERGROUPS, unix(7)): as of the moment when it connected.</summary>
    internal static Rights Of(Socket connection, uint? group)
    {
        var peer = PeerCredentials.Of(connection);
        return Judge(peer.User, peer.Group, Groups(connection), Syscall.geteuid(), group);
    }

    /// <summary>Root and the daemon's own user may do everything, the group's members may ask.</summary>
    internal static Rights Judge(uint user, uint primary, ReadOnlySpan<uint> groups, uint own, uint? group) =>
        user == 0 || user == own ? Rights.All
        : group is { } members && (primary == members || groups.Contains(members)) ? Rights.Read
        : Rights.None;

    private static uint[] Groups(Socket connection)
    {
        try
        {
            var bytes = new byte[MostGroups * sizeof(uint)];
            var length = connection.GetRawSocketOption(SocketLevel, PeerGroups, bytes);
            return MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(0, length)).ToArray();
        }
        catch (SocketException)
        {
            // More groups than that, or a kernel before 4.13: those that cannot be told do not count.
            return [];
        }
    }
}
