using System.Net.Sockets;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class DescriptorChannelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Socket listener;
    private readonly DescriptorChannel near;
    private readonly DescriptorChannel far;

    public DescriptorChannelTests()
    {
        listener = LocalSocket.Listen(folder["handoff.sock"], 1).Value;
        near = DescriptorChannel.Connect(folder["handoff.sock"]).Value;
        far = new DescriptorChannel(listener.Accept(), folder["handoff.sock"]);
    }

    public void Dispose()
    {
        near.Dispose();
        far.Dispose();
        listener.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void Messages_arrive_whole_and_in_order_whatever_their_length()
    {
        byte[][] messages = [[], [1], new byte[100], new byte[3_000_000]];
        new Random(1).NextBytes(messages[3]);
        var sending = Task.Run(() => messages.All(message => near.Send(message, [], Patience.Limit).Ok));
        foreach (var message in messages)
        {
            Assert.Equal(message, far.Receive(Patience.Limit).Value.Bytes);
        }
        Assert.True(Patience.Within(sending));
    }

    [Fact]
    public void An_open_file_goes_along_and_is_the_same_file()
    {
        File.WriteAllText(folder["file"], "what is in it");
        using (var file = File.OpenHandle(folder["file"]))
        {
            Assert.True(near.Send("one"u8, [(int)file.DangerousGetHandle(), (int)file.DangerousGetHandle()], Patience.Limit).Ok);
        }
        var message = far.Receive(Patience.Limit).Value;
        Assert.Equal("one"u8, message.Bytes);
        Assert.Equal(2, message.Descriptors.Length);
        foreach (var descriptor in message.Descriptors)
        {
            using var received = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Read, 0);
            received.Position = 0;
            Assert.Equal("what is in it", new StreamReader(received).ReadToEnd());
        }
    }

    [Fact]
    public void As_many_descriptors_as_a_server_has_sockets_fit_into_one_message()
    {
        using var file = File.OpenHandle("/dev/null");
        var many = Enumerable.Repeat((int)file.DangerousGetHandle(), MonitorServer.MaxConnections + 1).ToArray();
        Assert.True(near.Send("many"u8, many, Patience.Limit).Ok);
        var received = far.Receive(Patience.Limit).Value;
        Assert.Equal(many.Length, received.Descriptors.Distinct().Count());
        foreach (var descriptor in received.Descriptors)
        {
            new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true).Dispose();
        }
    }

    [Fact]
    public void Silence_and_the_others_end_are_told_apart()
    {
        Assert.Equal(Errno.ETIMEDOUT, far.Receive(TimeSpan.FromMilliseconds(20)).Error.Errno);
        near.Dispose();
        Assert.Equal(Errno.EPIPE, far.Receive(Patience.Limit).Error.Errno);
        Assert.Equal(Errno.EPIPE, far.Send("x"u8, [], Patience.Limit).Error.Errno);
    }

    [Fact]
    public void What_is_no_message_is_refused()
    {
        using var raw = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        raw.Connect(new UnixDomainSocketEndPoint(folder["handoff.sock"]));
        using var channel = new DescriptorChannel(listener.Accept(), "there");
        raw.Send(BitConverter.GetBytes(DescriptorChannel.MaxBytes + 1));
        Assert.Equal(Errno.EBADMSG, channel.Receive(Patience.Limit).Error.Errno);
        raw.Send([.. BitConverter.GetBytes(100), 1, 2, 3]);
        raw.Shutdown(SocketShutdown.Send);
        Assert.Equal(Errno.EPIPE, channel.Receive(Patience.Limit).Error.Errno);
    }

    [Fact]
    public void The_other_end_is_known()
    {
        Assert.Equal(Environment.ProcessId, far.Peer);
        Assert.True(far.IsTrusted);
    }

    [Fact]
    public void A_process_is_waited_for_and_killed_by_its_handle()
    {
        using var sleeper = System.Diagnostics.Process.Start("sleep", "100");
        using var handle = ProcessHandle.Open(sleeper.Id).Value;
        Assert.False(handle.WaitForEnd(TimeSpan.Zero));
        Assert.True(handle.Kill().Ok);
        Assert.True(handle.WaitForEnd(Patience.Limit));
        sleeper.WaitForExit();
        Assert.Equal(Errno.ESRCH, handle.Kill().Error.Errno);
        Assert.Equal(Errno.ESRCH, ProcessHandle.Open(sleeper.Id).Error.Errno);
    }
}
