using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo;

/// <summary>
/// The durable writes that a loop has in flight, through the kernel's native asynchronous interface (linux/aio_abi.h): a write
/// with O_DSYNC is there a single request with forced unit access, where pwrite(2) flushes the whole cache once more.
/// A write is first submitted so that it cannot wait (a full queue answers EAGAIN); where that is refused, the device's own
/// thread submits it; where even that is refused, that thread writes synchronously. Belongs to the loop's thread.
/// </summary>
internal sealed unsafe class AsyncWrites
{
    private const int Depth = 64;
    private const ushort CommandWrite = 1; // IOCB_CMD_PWRITE
    private const uint NoWait = 8; // RWF_NOWAIT
    private const uint SignalsEventFd = 1; // IOCB_FLAG_RESFD
    private const uint RingMagic = 0xa10a10a1;

    private readonly EventLoop loop;
    private readonly int bell;
    private readonly nint context;
    private readonly bool ringIsReadable;
    private readonly Request* requests;
    private readonly Flight[] flights = [.. Enumerable.Range(0, Depth).Select(index => new Flight(index))];
    private readonly Stack<Flight> free = new(Depth);
    private readonly Completion[] completions = GC.AllocateArray<Completion>(Depth, pinned: true);

    internal AsyncWrites(EventLoop loop, int bell)
    {
        this.loop = loop;
        this.bell = bell;
        requests = (Request*)NativeMemory.AllocZeroed(Depth, (nuint)sizeof(Request));
        foreach (var flight in flights.Reverse())
        {
            free.Push(flight);
        }
        nint made = 0;
        // Refused where fs.aio-max-nr is used up: then the devices' own threads write.
        if (Native.SystemCall(Native.SysIoSetup, Depth, (nint)(&made), 0, 0, 0) == 0)
        {
            context = made;
            var ring = (Ring*)context;
            ringIsReadable = ring->Magic == RingMagic && ring->IncompatibleFeatures == 0;
        }
    }

    /// <summary>The writes that are not done.</summary>
    internal int InFlight { get; private set; }

    /// <summary>Starts a write from a rented buffer, which it returns when the write is done.</summary>
    internal void Start(BlockDevice device, long offset, byte* buffer, int length, Action<Result<Nothing>> done)
    {
        if (!device.File.TryLease())
        {
            AlignedBuffers.Return(buffer, length);
            loop.PostDone(done, new KernelError(Errno.EBADF, device.Path, "write"));
            return;
        }
        InFlight++;
        // Without a place in the ring a write still gets a flight of its own, for the device's thread.
        var flight = context != 0 && free.TryPop(out var place) ? place : new Flight(-1);
        flight.Device = device;
        flight.Offset = offset;
        flight.Buffer = buffer;
        flight.Length = length;
        flight.Done = done;
        if (flight.Index < 0)
        {
            Escalate(flight, Stage.Synchronous);
        }
        else if (device.RefusesNoWait)
        {
            Escalate(flight, Stage.MayWait);
        }
        else
        {
            flight.Stage = Stage.NoWait;
            var error = Submit(flight, NoWait);
            if (error != 0)
            {
                PostRefused(flight, error);
            }
        }
    }

    /// <summary>Takes up what has been completed; true if there was something.</summary>
    internal bool Reap()
    {
        if (InFlight == 0 || context == 0)
        {
            return false;
        }
        var count = ringIsReadable ? TakeFromRing() : TakeBySystemCall();
        for (var i = 0; i < count; i++)
        {
            var flight = flights[(int)completions[i].Data];
            var result = completions[i].Result;
            if (result == flight.Length)
            {
                Finish(flight, default(Nothing));
            }
            else if (result < 0)
            {
                Refused(flight, (Errno)(-result));
            }
            else
            {
                Finish(flight, new KernelError(Errno.EIO, flight.Device!.Path, "write"));
            }
        }
        return count > 0;
    }

    /// <summary>
    /// Gives the kernel's resources back; only when nothing is in flight, as the kernel would wait for it and a buffer that is
    /// being written must stay.
    /// </summary>
    internal void Release()
    {
        if (InFlight > 0)
        {
            return;
        }
        if (context != 0)
        {
            Native.SystemCall(Native.SysIoDestroy, context, 0, 0, 0, 0);
        }
        NativeMemory.Free(requests);
    }

    private Errno Submit(Flight flight, uint flags)
    {
        var request = requests + flight.Index;
        *request = new Request
        {
            Data = (ulong)flight.Index,
            WriteFlags = flags,
            Command = CommandWrite,
            Descriptor = (uint)flight.Device!.File.Number,
            Buffer = (ulong)flight.Buffer,
            Length = (ulong)flight.Length,
            Offset = flight.Offset,
            Flags = SignalsEventFd,
            EventFd = (uint)bell,
        };
        nint submitted;
        do
        {
            submitted = Native.SystemCall(Native.SysIoSubmit, context, 1, (nint)(&request), 0, 0);
        }
        while (submitted < 0 && Native.LastError == Errno.EINTR);
        return submitted == 1 ? 0 : submitted == 0 ? Errno.EAGAIN : Native.LastError;
    }

    private void PostRefused(Flight flight, Errno errno) => loop.Post(() => Refused(flight, errno));

    private void Refused(Flight flight, Errno errno)
    {
        var device = flight.Device!;
        if (flight.Stage == Stage.NoWait && errno is Errno.EAGAIN or Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            device.RefusesNoWait |= errno == Errno.EOPNOTSUPP;
            Escalate(flight, Stage.MayWait);
        }
        else if (flight.Stage == Stage.MayWait && errno is Errno.EAGAIN or Errno.EOPNOTSUPP or Errno.EINVAL)
        {
            Escalate(flight, Stage.Synchronous);
        }
        else
        {
            Finish(flight, new KernelError(errno, device.Path, "write"));
        }
    }

    private void Escalate(Flight flight, Stage stage)
    {
        flight.Stage = stage;
        var device = flight.Device!;
        if (!device.Worker.TryPost(() => WriteOnItsThread(flight)))
        {
            loop.Post(() => Finish(flight, new KernelError(Errno.EBADF, device.Path, "write")));
        }
    }

    private void WriteOnItsThread(Flight flight)
    {
        if (flight.Stage == Stage.MayWait && Submit(flight, 0) == 0)
        {
            return;
        }
        var result = flight.Device!.WriteAligned(flight.Buffer, flight.Length, flight.Offset);
        loop.Post(() => Finish(flight, result));
    }

    private void Finish(Flight flight, Result<Nothing> result)
    {
        var done = flight.Done!;
        AlignedBuffers.Return(flight.Buffer, flight.Length);
        flight.Device!.File.DangerousRelease();
        flight.Buffer = null;
        flight.Device = null;
        flight.Done = null;
        InFlight--;
        if (flight.Index >= 0)
        {
            free.Push(flight);
        }
        loop.Guard(done, result);
    }

    /// <summary>The ring is mapped into our memory, and its consumer may move the head itself: no system call.</summary>
    private int TakeFromRing()
    {
        var ring = (Ring*)context;
        var events = (Completion*)((byte*)ring + ring->HeaderLength);
        var head = ring->Head;
        var tail = Volatile.Read(ref ring->Tail);
        var count = 0;
        while (head != tail && count < Depth)
        {
            completions[count++] = events[head];
            head = (head + 1) % ring->Count;
        }
        Volatile.Write(ref ring->Head, head);
        return count;
    }

    private int TakeBySystemCall()
    {
        fixed (Completion* into = completions)
        {
            var noTime = stackalloc long[2];
            var got = Native.SystemCall(Native.SysIoGetEvents, context, 0, Depth, (nint)into, (nint)noTime);
            return got < 0 ? 0 : (int)got;
        }
    }

    private enum Stage
    {
        NoWait,
        MayWait,
        Synchronous,
    }

    private sealed class Flight(int index)
    {
        internal readonly int Index = index;
        internal Stage Stage;
        internal BlockDevice? Device;
        internal long Offset;
        internal byte* Buffer;
        internal int Length;
        internal Action<Result<Nothing>>? Done;
    }

    /// <summary>struct iocb, little-endian, 64 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 64)]
    private struct Request
    {
        [FieldOffset(0)] internal ulong Data;
        [FieldOffset(12)] internal uint WriteFlags;
        [FieldOffset(16)] internal ushort Command;
        [FieldOffset(20)] internal uint Descriptor;
        [FieldOffset(24)] internal ulong Buffer;
        [FieldOffset(32)] internal ulong Length;
        [FieldOffset(40)] internal long Offset;
        [FieldOffset(56)] internal uint Flags;
        [FieldOffset(60)] internal uint EventFd;
    }

    /// <summary>struct io_event, 32 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Completion
    {
        [FieldOffset(0)] internal ulong Data;
        [FieldOffset(16)] internal long Result;
    }

    /// <summary>struct aio_ring: the header of the completion ring (fs/aio.c), 32 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Ring
    {
        [FieldOffset(4)] internal uint Count;
        [FieldOffset(8)] internal uint Head;
        [FieldOffset(12)] internal uint Tail;
        [FieldOffset(16)] internal uint Magic;
        [FieldOffset(24)] internal uint IncompatibleFeatures;
        [FieldOffset(28)] internal uint HeaderLength;
    }
}
