# SPDX-License-Identifier: Apache-2.0
"""The wire test kit: phones, peers and a server runner that share no code with the server."""
