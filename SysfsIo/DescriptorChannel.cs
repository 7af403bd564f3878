using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>A message that came over a <see cref="DescriptorChannel"/>.</summary>
/// <param name="Bytes">The message.</param>
/// <param name="Descriptors">Open descriptors that came along; they belong to the receiver, and are closed on exec.</param>
public sealed record ChannelMessage(byte[] Bytes, ImmutableArray<int> Descriptors);

/// <summary>
/// One end of a local stream socket on which messages travel together with open descriptors (SCM_RIGHTS, unix(7)). A message is 4 bytes
/// of length, little-endian, and that many bytes; descriptors go with its first byte. Calls block, with a limit; one at a time.
/// </summary>
public sealed unsafe class DescriptorChannel : IDisposable
{
    /// <summary>The longest message, in bytes.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The most descriptors with one message; the kernel's own limit is 253 (SCM_MAX_FD).</summary>
    public const int MaxDescriptors = 128;

    private const MessageFlags Sending = MessageFlags.MSG_DONTWAIT | MessageFlags.MSG_NOSIGNAL;
    private const MessageFlags Receiving = MessageFlags.MSG_DONTWAIT | MessageFlags.MSG_CMSG_CLOEXEC;
    private const int LengthBytes = 4;

    private readonly Socket socket;
    private readonly string path;

    /// <summary>On a connected socket, which belongs to the channel from now on.</summary>
    /// <param name="socket">The socket; nothing asynchronous may be under way on it.</param>
    /// <param name="path">What errors name.</param>
    public DescriptorChannel(Socket socket, string path)
    {
        this.socket = socket;
        this.path = path;
        var peer = PeerCredentials.Of(socket);
        Peer = peer.Process;
        IsTrusted = peer.User == 0 || peer.User == Syscall.geteuid();
    }

    /// <summary>The process at the other end, as it was when it connected or listened.</summary>
    public int Peer { get; }

    /// <summary>Whether the other end belongs to root, or to the user that this process runs as.</summary>
    public bool IsTrusted { get; }

    private int Number => (int)socket.SafeHandle.DangerousGetHandle();

    /// <summary>Connects. ENOENT or ECONNREFUSED when nobody listens there.</summary>
    public static Result<DescriptorChannel> Connect(string path)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new DescriptorChannel(socket, path);
        }
        catch (SocketException failure)
        {
            socket?.Dispose();
            return SocketErrors.ToKernelError(failure, path, "connect to");
        }
        catch (ArgumentException)
        {
            socket?.Dispose();
            return new KernelError(Errno.ENAMETOOLONG, path, "connect to");
        }
    }

    /// <summary>Sends a message. ETIMEDOUT when the other end does not take it in time, EPIPE when it is gone.</summary>
    public Result<Nothing> Send(ReadOnlySpan<byte> message, ReadOnlySpan<int> descriptors, TimeSpan limit)
    {
        if (message.Length > MaxBytes || descriptors.Length > MaxDescriptors)
        {
            return new KernelError(Errno.EMSGSIZE, path, "send to");
        }
        var frame = new byte[LengthBytes + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, message.Length);
        message.CopyTo(frame.AsSpan(LengthBytes));
        var since = Stopwatch.GetTimestamp();
        fixed (byte* start = frame)
        {
            for (long done = 0; done < frame.Length;)
            {
                if (Wait(PollEvents.POLLOUT, since, limit) is { } late)
                {
                    return late;
                }
                var sent = done == 0
                    ? SendFirst(start, frame.Length, descriptors)
                    : Syscall.send(Number, start + done, (ulong)(frame.Length - done), Sending);
                if (sent < 0 && Native.LastError is not (Errno.EAGAIN or Errno.EINTR))
                {
                    return KernelError.Last(path, "send to");
                }
                done += Math.Max(sent, 0);
            }
        }
        return default(Nothing);
    }

    /// <summary>The next message. ETIMEDOUT when it does not come in time, EPIPE when the other end is gone, EBADMSG when it is none.</summary>
    public Result<ChannelMessage> Receive(TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        var descriptors = ImmutableArray.CreateBuilder<int>();
        var head = new byte[LengthBytes];
        var failure = Fill(head, descriptors, since, limit);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (failure is null && length is < 0 or > MaxBytes)
        {
            failure = new KernelError(Errno.EBADMSG, path, "receive from");
        }
        // Grows with what has come, whatever was announced.
        byte[] message = [];
        for (var got = 0; failure is null && got < length; got = message.Length)
        {
            Array.Resize(ref message, (int)Math.Min(length, Math.Max(4096L, 2L * got)));
            failure = Fill(message.AsSpan(got), descriptors, since, limit);
        }
        if (failure is not { } error)
        {
            return new ChannelMessage(message, descriptors.ToImmutable());
        }
        foreach (var descriptor in descriptors)
        {
            Syscall.close(descriptor);
        }
        return error;
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => socket.Dispose();

    private KernelError? Fill(Span<byte> buffer, ImmutableArray<int>.Builder descriptors, long since, TimeSpan limit)
    {
        while (!buffer.IsEmpty)
        {
            if (Wait(PollEvents.POLLIN, since, limit) is { } late)
            {
                return late;
            }
            var got = ReceiveSome(buffer, descriptors);
            if (got == 0)
            {
                return new KernelError(Errno.EPIPE, path, "receive from");
            }
            if (got < 0 && Native.LastError is not (Errno.EAGAIN or Errno.EINTR))
            {
                return KernelError.Last(path, "receive from");
            }
            buffer = buffer[(int)Math.Max(got, 0)..];
        }
        return null;
    }

    private KernelError? Wait(PollEvents events, long since, TimeSpan limit)
    {
        while (true)
        {
            var left = limit - Stopwatch.GetElapsedTime(since);
            var ready = Syscall.poll(
                [new Pollfd { fd = Number, events = events }], (int)Math.Clamp(left.TotalMilliseconds, 0, int.MaxValue));
            if (ready > 0)
            {
                return null;
            }
            if (ready == 0)
            {
                return new KernelError(Errno.ETIMEDOUT, path, "wait for");
            }
            if (Native.LastError != Errno.EINTR)
            {
                return KernelError.Last(path, "wait for");
            }
        }
    }

    private long SendFirst(byte* start, int count, ReadOnlySpan<int> descriptors)
    {
        var message = MessageOf(start, count, descriptors.Length);
        if (!descriptors.IsEmpty)
        {
            var length = (long)Syscall.CMSG_LEN(BytesOf(descriptors.Length));
            var header = new Cmsghdr
            {
                cmsg_len = length, cmsg_level = UnixSocketProtocol.SOL_SOCKET, cmsg_type = UnixSocketControlMessage.SCM_RIGHTS,
            };
            header.WriteToBuffer(message, 0);
            MemoryMarshal.AsBytes(descriptors).CopyTo(message.msg_control.AsSpan((int)Syscall.CMSG_DATA(message, 0)));
        }
        return Syscall.sendmsg(Number, message, Sending);
    }

    private long ReceiveSome(Span<byte> buffer, ImmutableArray<int>.Builder descriptors)
    {
        fixed (byte* start = buffer)
        {
            var message = MessageOf(start, buffer.Length, MaxDescriptors);
            var got = Syscall.recvmsg(Number, message, Receiving);
            if (got >= 0 && Syscall.CMSG_FIRSTHDR(message) is >= 0 and var at)
            {
                var header = Cmsghdr.ReadFromBuffer(message, at);
                if (header is { cmsg_level: UnixSocketProtocol.SOL_SOCKET, cmsg_type: UnixSocketControlMessage.SCM_RIGHTS })
                {
                    var from = (int)Syscall.CMSG_DATA(message, at);
                    var bytes = message.msg_control.AsSpan(from, (int)(at + header.cmsg_len) - from);
                    descriptors.AddRange(MemoryMarshal.Cast<byte, int>(bytes));
                }
            }
            // Some descriptors were dropped (none left here): what they belong to cannot be carried on.
            if (got > 0 && (message.msg_flags & MessageFlags.MSG_CTRUNC) != 0)
            {
                Marshal.SetLastPInvokeError((int)Errno.EMFILE);
                return -1;
            }
            return got;
        }
    }

    /// <summary>A message with one piece, and with room for so many descriptors.</summary>
    private static Msghdr MessageOf(byte* start, int count, int descriptors)
    {
        var control = descriptors == 0 ? null : new byte[Syscall.CMSG_SPACE(BytesOf(descriptors))];
        return new Msghdr
        {
            msg_iov = [new Iovec { iov_base = (nint)start, iov_len = (ulong)count }],
            msg_iovlen = 1,
            msg_control = control,
            msg_controllen = control?.Length ?? 0,
        };
    }

    private static ulong BytesOf(int descriptors) => (ulong)descriptors * sizeof(int);
}
